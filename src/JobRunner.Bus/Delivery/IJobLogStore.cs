using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Delivery;

/// <summary>
/// Where job logs rest: the Request Manager, or a SQLite file where none is configured. Holds one log per
/// (requestId, jobId, try); the first one written stays.
/// </summary>
public interface IJobLogStore
{
    /// <summary>
    /// Stores one job log. Calling it again with the same log is safe. When it is cancelled or fails, the log may have
    /// been stored all the same.
    /// </summary>
    /// <returns>Whether the log is new or was there already; it is delivered in both cases.</returns>
    /// <exception cref="PermanentDeliveryException">The store will never take this log: it needs a person.</exception>
    /// <exception cref="RetryableDeliveryException">The store cannot take the log now: try again later.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken);

    /// <summary>
    /// The same with a single attempt, where a store makes several: to find out whether it works again.
    /// </summary>
    /// <returns>As <see cref="PutAsync"/>.</returns>
    /// <exception cref="PermanentDeliveryException">As <see cref="PutAsync"/>.</exception>
    /// <exception cref="RetryableDeliveryException">As <see cref="PutAsync"/>.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<DeliveryOutcome> PutOnceAsync(JobLogRecorded log, CancellationToken cancellationToken) => PutAsync(log, cancellationToken);
}
