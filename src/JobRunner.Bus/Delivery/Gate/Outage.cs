namespace JobRunner.Bus.Delivery.Gate;

/// <summary>A time in which the store takes nothing. Used under the lock of its gate.</summary>
internal sealed class Outage(TimeSpan since)
{
    private TimeSpan _pause;

    public TimeSpan Since { get; } = since;

    public TimeSpan ToldAt { get; set; } = since;

    /// <summary>When the next delivery may go.</summary>
    public TimeSpan NextAt { get; private set; } = since;

    /// <summary>Whether one is on its way.</summary>
    public bool IsProbed { get; set; }

    public void Failed(TimeSpan now, bool wasProbe, RetryableDeliveryException? error)
    {
        var pause = DeliveryGate.PauseAfterSuspect;
        if (error is { StoreIsDown: true })
        {
            _pause = !wasProbe || _pause == TimeSpan.Zero ? DeliveryGate.FirstPause : 2 * _pause < DeliveryGate.LongestPause ? 2 * _pause : DeliveryGate.LongestPause;
            pause = _pause;
        }

        var asked = error?.RetryAfter < DeliveryGate.LongestAskedFor ? error.RetryAfter.Value : error?.RetryAfter is null ? TimeSpan.Zero : DeliveryGate.LongestAskedFor;
        var next = now + (asked > pause ? asked : pause);
        NextAt = wasProbe || next > NextAt ? next : NextAt;
        IsProbed &= !wasProbe;
    }
}
