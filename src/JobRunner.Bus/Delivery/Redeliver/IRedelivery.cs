using JobRunner.Bus.Contracts;
using MassTransit;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>Keeps job logs until they are delivered again.</summary>
internal interface IRedelivery
{
    /// <summary>
    /// How long a delivery may be held open while the store is down, before it goes back to the end of its queue: brokers
    /// take back what is held too long.
    /// </summary>
    TimeSpan LongestHold { get; }

    /// <summary>What is known of a log's deliveries so far.</summary>
    DeliveryHistory HistoryOf(ConsumeContext context);

    /// <summary>Puts a log off. Returns once it is safe.</summary>
    /// <returns>
    /// <see langword="true"/> when the delay is over and this delivery goes on; <see langword="false"/> when it will be
    /// delivered anew, so that this delivery can be acknowledged.
    /// </returns>
    Task<bool> PutOffAsync(ConsumeContext<JobLogRecorded> context, PutOff putOff, CancellationToken cancellationToken);

    /// <summary>Puts a log back for others, since this worker ends. Returns once it is safe.</summary>
    Task PutBackAsync(ConsumeContext<JobLogRecorded> context);
}
