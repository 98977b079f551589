using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>What a stop found.</summary>
public enum StopOutcome
{
    /// <summary>No try had started: none will.</summary>
    StoppedBeforeStart,

    /// <summary>The runner waited between two tries: the next one will not start.</summary>
    StoppedWhileWaiting,

    /// <summary>A try ran, was told to stop, and did not complete.</summary>
    StoppedWhileRunning,

    /// <summary>The job ended by itself first; its own outcome stands.</summary>
    AlreadyFinished,

    /// <summary>The run goes on elsewhere (parked or handed over) and was not stopped here: ask there.</summary>
    MovedOn,
}

/// <summary>The answer to a stop.</summary>
/// <param name="Outcome">What the stop found.</param>
/// <param name="FinalState">State the run ended in.</param>
/// <param name="Error">The job's own error while stopping; <see langword="null"/> for none.</param>
public sealed record StopResult(StopOutcome Outcome, JobState FinalState, string? Error = null);
