using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Delivery;

/// <summary>
/// Where job logs are stored: the Request Manager, or a SQLite file where none is configured. Holds one log per
/// (requestId, jobId, try); the first one written stays.
/// </summary>
public interface IJobLogStore
{
    /// <summary>
    /// Stores one job log, in a single attempt: the bus makes the others. Calling it again with the same log is safe. When it is cancelled or fails, the log may have
    /// been stored all the same.
    /// </summary>
    /// <returns>Whether the log is new or was there already; it is delivered in both cases.</returns>
    /// <exception cref="PermanentDeliveryException">The store will never take this log: it needs a person.</exception>
    /// <exception cref="RetryableDeliveryException">The store cannot take the log now: try again later. Any other exception means the same.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken);
}
