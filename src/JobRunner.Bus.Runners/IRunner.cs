using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>One job that runs or waits: what a repo holds, a stop reaches, and a status shows.</summary>
public interface IRunner
{
    /// <summary>What the runner is known by.</summary>
    RunnerKey Key { get; }

    /// <summary>
    /// Stops the job wherever it is between start and end, and waits until it has stopped. Safe to call again: every call
    /// gets the same answer.
    /// </summary>
    Task<StopResult> StopAsync();

    /// <summary>Live status; never blocks.</summary>
    RunnerStatus Status();
}
