namespace JobRunner.Bus.Runners;

/// <summary>Times as Spin Cycle writes them: nanoseconds since 1970 (UTC), in steps of 100.</summary>
public static class UnixNanoseconds
{
    /// <summary>The time now.</summary>
    public static long Now(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        return From(time.GetUtcNow());
    }

    /// <summary>The same moment.</summary>
    public static long From(DateTimeOffset moment) => (moment.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;

    /// <summary>The same moment, to 100 ns.</summary>
    public static DateTimeOffset ToDateTimeOffset(long nanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100);
}
