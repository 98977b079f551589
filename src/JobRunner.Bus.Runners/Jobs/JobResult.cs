using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>
/// How a try ended. State, exit code and error do not exclude each other: a successful try may carry an error, for
/// instance when the work had been done before; both are logged.
/// </summary>
public sealed record JobResult
{
    /// <summary>COMPLETE ends the run with success, STOPPED ends it stopped; anything else is a failed try.</summary>
    public required JobState State { get; init; }

    /// <summary>Unix exit code.</summary>
    public long Exit { get; init; }

    /// <summary>Error message; <see langword="null"/> or empty for none.</summary>
    public string? Error { get; init; }

    /// <summary>What the job wrote to standard output.</summary>
    public string Stdout { get; init; } = "";

    /// <summary>What the job wrote to standard error.</summary>
    public string Stderr { get; init; } = "";

    /// <summary>
    /// Whether trying again is of no use: a failed try then ends the run, however many tries are left. Preset: it is tried again. Without
    /// meaning for COMPLETE and STOPPED, which end the run anyway.
    /// </summary>
    public bool Permanent { get; init; }

    /// <summary>Success: COMPLETE, exit 0.</summary>
    public static JobResult Complete(string stdout = "") => new() { State = JobState.Complete, Stdout = stdout };

    /// <summary>Failure: FAIL with a message for people and an exit code, 1 unless given.</summary>
    public static JobResult Fail(string error, long exit = 1) => new() { State = JobState.Fail, Exit = exit, Error = error };

    /// <summary>Failure that no further try would mend, such as a file that does not exist: as <see cref="Fail"/>, and the run ends.</summary>
    public static JobResult FailForGood(string error, long exit = 1) => Fail(error, exit) with { Permanent = true };

    /// <summary>The job stopped because it was told to.</summary>
    public static JobResult Stopped() => new() { State = JobState.Stopped };
}
