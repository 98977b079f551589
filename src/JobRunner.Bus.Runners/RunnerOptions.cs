namespace JobRunner.Bus.Runners;

/// <summary>How runners behave; the same for all of a process.</summary>
public sealed record RunnerOptions
{
    /// <summary>
    /// How long a job may take to stop once told, default 1 minute. One that takes longer is given up: its log says so,
    /// its slot is free, and what is left of it runs on unheard.
    /// </summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Waits between tries longer than this end the run with <see cref="RunEnd.Parked"/>; shorter ones are waited out in
    /// the runner. Default: none is parked.
    /// </summary>
    public TimeSpan ParkWaitsOver { get; init; } = TimeSpan.MaxValue;
}
