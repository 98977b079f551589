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

    /// <summary>Success: COMPLETE, exit 0.</summary>
    public static JobResult Complete(string stdout = "") => new() { State = JobState.Complete, Stdout = stdout };

    /// <summary>Failure: FAIL with a message for people and an exit code, 1 unless given.</summary>
    public static JobResult Fail(string error, long exit = 1) => new() { State = JobState.Fail, Exit = exit, Error = error };

    /// <summary>The job stopped because it was told to.</summary>
    public static JobResult Stopped() => new() { State = JobState.Stopped };
}
