using JobRunner.Bus.Delivery.Redeliver;

namespace JobRunner.Bus.Delivery;

/// <summary>How job logs are delivered, wherever they go. Section <c>JobRunner:Report</c>.</summary>
public sealed class ReportOptions
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "JobRunner:Report";

    /// <summary>
    /// Most deliveries at once (<c>JobRunner__Report__Concurrency</c>). Default 32, from 1 to 1,024. Spin Cycle's Request Manager takes its 1,400 to 2,000 logs a second from 8 on.
    /// </summary>
    public int Concurrency { get; set; } = 32;

    /// <summary>
    /// How long a log that was not taken waits before each redelivery (<c>JobRunner__Report__RedeliverAfter</c>): Go
    /// durations with commas between, none shorter than the one before; the last one repeats. Each has a queue of its own on
    /// the broker. Default <c>5s,30s,2m,10m,1h</c>; 1 to 12 of them, from 10 ms to 24 h.
    /// </summary>
    public string RedeliverAfter { get; set; } = "5s,30s,2m,10m,1h";

    /// <summary>
    /// How long a log that is not taken, while others are, is redelivered (<c>JobRunner__Report__RedeliverFor</c>); at the
    /// next failure after that it goes to the error queue. Clocks of workers may differ: not before its own delays come to a quarter of
    /// that. Default 24 h, from 0 to 30 days.
    /// </summary>
    public TimeSpan RedeliverFor { get; set; } = TimeSpan.FromHours(24);

    /// <summary>The delays of <see cref="RedeliverAfter"/>, which was validated.</summary>
    internal IReadOnlyList<TimeSpan> Delays => DelaySteps.TryParse(RedeliverAfter, out var steps, out var must)
        ? steps
        : throw new InvalidOperationException($"{nameof(RedeliverAfter)} {must}");
}
