namespace JobRunner.Bus.Tests.Stops;

/// <summary>A clock whose wall time is set by hand; its monotonic time goes its own way.</summary>
internal sealed class SetClock : TimeProvider
{
    public DateTimeOffset Wall { get; set; } = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    public long Ticks { get; set; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Ticks;

    public override DateTimeOffset GetUtcNow() => Wall;
}
