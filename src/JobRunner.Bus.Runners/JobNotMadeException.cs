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
