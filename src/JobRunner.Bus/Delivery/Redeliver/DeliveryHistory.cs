namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>What became of a job log's deliveries so far. It travels with the log.</summary>
/// <param name="Redeliveries">How often it was redelivered; decides the next delay.</param>
/// <param name="FirstTriedAt">When the first delivery began that failed while others got through; none before that.</param>
/// <param name="RedeliveredAt">When its last delivery failed; none before the first redelivery.</param>
internal readonly record struct DeliveryHistory(int Redeliveries, DateTimeOffset? FirstTriedAt, DateTimeOffset? RedeliveredAt)
{
    /// <summary>A log that was not delivered before.</summary>
    public static DeliveryHistory None => default;
}

/// <summary>A log that is to be delivered later.</summary>
/// <param name="Delay">How long it waits; zero for the end of the queue.</param>
/// <param name="History">What to keep with it.</param>
internal readonly record struct Redelivery(TimeSpan Delay, DeliveryHistory History);
