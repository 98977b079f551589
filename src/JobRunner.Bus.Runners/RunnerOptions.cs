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
    /// How many bytes of what a try logs by <see cref="Microsoft.Extensions.Logging.ILogger"/> go into its own log, at the beginning of stdout;
    /// 0, the preset, for none. Of more, the first and the last half are kept.
    /// </summary>
    public int MaxLoggedBytes { get; init; }

    /// <summary>
    /// Waits between tries longer than this end the run with <see cref="RunEnd.Parked"/>; shorter ones are waited out in
    /// the runner. Default: none is parked.
    /// </summary>
    public TimeSpan ParkWaitsOver { get; init; } = TimeSpan.MaxValue;
}
