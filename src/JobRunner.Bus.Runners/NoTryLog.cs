using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>How a run is told that failed without a try.</summary>
public static class NoTryLog
{
    /// <summary>Its one log, numbered as the try would have been, and without times, since nothing ran.</summary>
    public static JobLogRecorded For(RunJob command, string error)
    {
        ArgumentNullException.ThrowIfNull(command);
        return new JobLogRecorded
        {
            RequestId = command.RequestId,
            JobId = command.Job.Id,
            Try = 1 + command.TotalTries,
            Name = command.Job.Name,
            Type = command.Job.Type,
            State = JobState.Fail,
            Exit = 1,
            Error = error,
        };
    }

    /// <summary>What such a run returns.</summary>
    public static Return ReturnFor(RunJob command, string error)
    {
        ArgumentNullException.ThrowIfNull(command);
        return new Return(command.JobDataText)
        {
            FinalState = JobState.Fail,
            Tries = 0,
            Next = new TryCounters(command.PrevTries, 1 + command.TotalTries),
            Error = error,
        };
    }
}
