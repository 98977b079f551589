using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>A job that could not be made. It fails without a try, with one log that says why.</summary>
public sealed class JobNotMadeException(RunJob command, Exception cause)
    : Exception($"problem creating job runner: {cause.Message}", cause)
{
    /// <summary>The log to record: no times, since nothing ran (seed: <c>traverser.runJobs</c>).</summary>
    public JobLogRecorded Log => NoTryLog.For(command, Message);

    /// <summary>How the run ended.</summary>
    public Return Return => NoTryLog.ReturnFor(command, Message);
}

/// <summary>The log of a run that failed without a try.</summary>
internal static class NoTryLog
{
    public static JobLogRecorded For(RunJob command, string error) => new()
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

    public static Return ReturnFor(RunJob command, string error) => new()
    {
        FinalState = JobState.Fail,
        Tries = 0,
        Next = new TryCounters(command.PrevTries, 1 + command.TotalTries),
        JobData = command.JobData,
        Error = error,
    };
}
