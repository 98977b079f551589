using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Runs;

/// <summary>
/// Stands in for the log of a run's last try that the broker refused, although it took the run's end, and whose worker died before
/// it could send it again: what the try wrote is lost, that it ran and how it ended is not.
/// </summary>
internal static class LostLog
{
    /// <summary>The log to send in its place.</summary>
    public static JobLogRecorded For(RunJob command, RunEndNews end)
    {
        var told = UnixNanoseconds.From(end.At);
        return new JobLogRecorded
        {
            RequestId = command.RequestId,
            JobId = command.Job.Id,
            Try = end.Finished.TotalTries,
            Name = command.Job.Name,
            Type = command.Job.Type,
            StartedAt = told,
            FinishedAt = told,
            State = end.Finished.FinalState,
            Exit = end.Finished.FinalState == JobState.Complete ? 0 : 1,
            Error = "the log of this try was lost: the broker refused it, and its worker died before it was sent again",
        };
    }
}
