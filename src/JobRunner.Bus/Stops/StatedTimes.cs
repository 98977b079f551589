namespace JobRunner.Bus.Stops;

/// <summary>What the times are good for that senders state. Their clocks may be wrong, or not set at all.</summary>
internal static class StatedTimes
{
    /// <summary>A time further ahead than this cannot be when a command that is here was sent. It says nothing about where to look for its run.</summary>
    public static readonly TimeSpan AheadAtMost = TimeSpan.FromSeconds(30);

    // No clock that anybody looks after is wrong by more; and none is from before this.
    private static readonly TimeSpan ClocksDifferBy = TimeSpan.FromDays(1);

    private static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The time, if it can tell commands and stops apart; none where it cannot have been stated in earnest, as Go's zero time.</summary>
    public static DateTimeOffset? InEarnest(DateTimeOffset? stated, DateTimeOffset now) =>
        stated is { } at && at >= Earliest && at - now < ClocksDifferBy ? at : null;

    /// <summary>Whether what has become of a command that stated this time has happened since then, and within the time that is kept.</summary>
    public static bool SaysWhereToLook(DateTimeOffset stated, DateTimeOffset now, TimeSpan kept) =>
        stated - now <= AheadAtMost && now - stated <= kept;
}
