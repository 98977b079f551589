using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>The log of a try that ran.</summary>
internal static class TryLog
{
    public static JobLogRecorded For(
        RunJob command, long tryNumber, long startedAt, long finishedAt, JobState state, JobResult result) => new()
        {
            RequestId = command.RequestId,
            JobId = command.Job.Id,
            Try = tryNumber,
            Name = command.Job.Name,
            Type = command.Job.Type,
            StartedAt = startedAt,
            FinishedAt = finishedAt,
            State = state,
            Exit = result.Exit,
            Error = result.Error ?? "",
            Stdout = result.Stdout,
            Stderr = result.Stderr,
        };
}
