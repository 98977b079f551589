namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>When a job log that was not taken is delivered again. Pure arithmetic.</summary>
/// <param name="steps">Delays, none shorter than the one before; the last one repeats.</param>
/// <param name="giveUpAfter">How long a log with trouble of its own is redelivered. A quarter of it at least are its own waits, whatever clocks say.</param>
internal sealed class RedeliveryPolicy(IReadOnlyList<TimeSpan> steps, TimeSpan giveUpAfter)
{
    /// <summary>Longest delay of a log that may only suffer from an outage: it must not sleep long past its end.</summary>
    public static readonly TimeSpan LongestInOutage = TimeSpan.FromSeconds(30);

    /// <summary>The delay of a log that failed, and its history from then on; none when it has been redelivered for long enough.</summary>
    /// <param name="history">Its deliveries before this one.</param>
    /// <param name="begun">When this delivery began.</param>
    /// <param name="now">When it failed.</param>
    /// <param name="ownTrouble">Whether others got through meanwhile. Without that its delay stays short, and it is not dead-lettered.</param>
    /// <param name="retryAfter">The least delay that the store asked for. The longest step is all it can get.</param>
    public Redelivery? Next(DeliveryHistory history, DateTimeOffset begun, DateTimeOffset now, bool ownTrouble, TimeSpan? retryAfter = null)
    {
        // An outage uses up nothing of a log's own time.
        var firstTriedAt = ownTrouble ? history.FirstTriedAt ?? begun : history.FirstTriedAt;
        // By two workers' clocks, of which one may be wrong; what it has waited tells, too.
        if (ownTrouble && now - firstTriedAt >= giveUpAfter && SecondsWaited(Math.Max(history.Redeliveries, 0)) >= giveUpAfter.TotalSeconds / 4)
        {
            return null;
        }

        var step = Math.Clamp(history.Redeliveries, 0, steps.Count - 1);
        var redeliveries = Math.Max(history.Redeliveries, 0) + (history.Redeliveries < int.MaxValue ? 1 : 0);
        if (!ownTrouble && step >= ShortSteps)
        {
            step = ShortSteps - 1;
            redeliveries = Math.Max(history.Redeliveries, 0);
        }

        while (steps[step] < retryAfter && step < steps.Count - 1)
        {
            step++;
        }

        return new Redelivery(steps[step], new DeliveryHistory(redeliveries, firstTriedAt, now));
    }

    private double SecondsWaited(int redeliveries) =>
        steps.Take(redeliveries).Sum(step => step.TotalSeconds) + (Math.Max(redeliveries - steps.Count, 0) * steps[^1].TotalSeconds);

    private int ShortSteps => Math.Max(1, steps.Count(step => step <= LongestInOutage));
}
