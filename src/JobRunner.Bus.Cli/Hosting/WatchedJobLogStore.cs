using System.Collections.Concurrent;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The job-log store, and a word to the embedded results when a log was stored or could not be.</summary>
internal sealed partial class WatchedJobLogStore(IJobLogStore inner, EmbeddedResults results, ILogger<WatchedJobLogStore> logger) : IJobLogStore
{
    private readonly ConcurrentDictionary<(string RequestId, string JobId, long Try), bool> _told = new();

    public Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken) =>
        WatchAsync(log, inner.PutAsync(log, cancellationToken));

    private async Task<DeliveryOutcome> WatchAsync(JobLogRecorded log, Task<DeliveryOutcome> put)
    {
        try
        {
            var outcome = await put;
            results.LogDone(log);
            return outcome;
        }
        catch (PermanentDeliveryException error)
        {
            NotStored(logger, log.RequestId, log.JobId, log.Try, error.Message);
            results.LogDone(log);
            throw;
        }
        catch (RetryableDeliveryException error)
        {
            // The request does not wait for it; the end of the process does, for a while.
            results.LogDone(log);
            if (_told.TryAdd((log.RequestId, log.JobId, log.Try), true))
            {
                NotStoredYet(logger, log.RequestId, log.JobId, log.Try, error.Message);
            }

            throw;
        }
        catch
        {
            results.LogDone(log);
            throw;
        }
    }

    [LoggerMessage(1400, LogLevel.Error, "The log of request {RequestId}, job {JobId}, try {Try} could not be stored: {Reason}")]
    private static partial void NotStored(ILogger logger, string requestId, string jobId, long @try, string reason);

    [LoggerMessage(1401, LogLevel.Error, "The log of request {RequestId}, job {JobId}, try {Try} is not stored yet: {Reason}")]
    private static partial void NotStoredYet(ILogger logger, string requestId, string jobId, long @try, string reason);
}

/// <summary>Puts the watch around the store that the settings chose.</summary>
internal static class WatchedJobLogStores
{
    public static void DecorateJobLogStore(this IServiceCollection services)
    {
        var store = services.Last(service => service.ServiceType == typeof(IJobLogStore));
        services.Remove(store);
        services.AddSingleton<IJobLogStore>(provider => ActivatorUtilities.CreateInstance<WatchedJobLogStore>(
            provider, (IJobLogStore)store.ImplementationFactory!(provider)));
    }
}
