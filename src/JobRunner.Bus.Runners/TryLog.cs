using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>How a try is told.</summary>
internal static class TryLog
{
    /// <summary>The log of a try that ran.</summary>
    public static JobLogRecorded Of(RunJob command, long tryNumber, long startedAt, long finishedAt, JobState state, JobResult result) => new()
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
        Permanent = result.Permanent && state is not (JobState.Complete or JobState.Stopped),
    };
}
