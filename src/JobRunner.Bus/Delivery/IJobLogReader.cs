using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Delivery;

/// <summary>Reads job logs back from where they are stored.</summary>
public interface IJobLogReader
{
    /// <summary>
    /// Every try of every job of a request, by start time; the tries of one job are always in the order of their
    /// numbers, and jobs that never started come last.
    /// </summary>
    /// <returns>The logs; none when the request is unknown.</returns>
    /// <exception cref="PermanentDeliveryException">The store refuses the question.</exception>
    /// <exception cref="RetryableDeliveryException">The store cannot answer now.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> was cancelled.</exception>
    Task<IReadOnlyList<JobLogRecorded>> GetAsync(string requestId, CancellationToken cancellationToken);
}
