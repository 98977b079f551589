namespace JobRunner.Bus.Leases;

/// <summary>
/// How long ago this worker was last in contact with the broker. By two clocks, of which the later counts: the monotonic
/// one stands still while a machine sleeps, and the other can be set. Safe for use by any thread.
/// </summary>
internal sealed class LeaseClock(TimeProvider time)
{
    private volatile Moment _contact = new(time.GetTimestamp(), time.GetUtcNow());

    /// <summary>This moment.</summary>
    public Moment Now() => new(time.GetTimestamp(), time.GetUtcNow());

    /// <summary>There was contact at this moment.</summary>
    public void Contact(Moment moment) => _contact = moment;

    /// <summary>How long there has been none.</summary>
    public TimeSpan Since()
    {
        var contact = _contact;
        var elapsed = time.GetElapsedTime(contact.Timestamp);
        var passed = time.GetUtcNow() - contact.At;
        return passed > elapsed ? passed : elapsed;
    }

    /// <summary>A moment, by both clocks.</summary>
    internal sealed record Moment(long Timestamp, DateTimeOffset At);
}
