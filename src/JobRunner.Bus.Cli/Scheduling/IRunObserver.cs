using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Scheduling;

/// <summary>Told what happens while chains run, in order, from one thread.</summary>
internal interface IRunObserver
{
    /// <summary>A job is about to be sent, or to be sent after a wait (a sequence that is tried again).</summary>
    void Launched(TrackedChain chain, Launch launch);

    /// <summary>A try has ended.</summary>
    void Logged(TrackedChain chain, JobLogRecorded log);

    /// <summary>A run has ended.</summary>
    void Finished(TrackedChain chain, JobFinished result);

    /// <summary>The chain is being stopped.</summary>
    void Stopping(TrackedChain chain);
}
