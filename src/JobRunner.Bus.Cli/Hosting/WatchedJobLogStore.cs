using JobRunner.Bus.Contracts;
using JobRunner.Bus.Report;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The job-log store, and a word to the embedded results when a log was stored or could not be.</summary>
internal sealed partial class WatchedJobLogStore(IJobLogStore inner, EmbeddedResults results, ILogger<WatchedJobLogStore> logger) : IJobLogStore
{
    public async Task<DeliveryOutcome> PutAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        try
        {
            return await inner.PutAsync(log, cancellationToken);
        }
        catch (Exception error) when (error is PermanentDeliveryException or RetryableDeliveryException)
        {
            NotStored(logger, log.RequestId, log.JobId, log.Try, error.Message);
            throw;
        }
        finally
        {
            results.LogDone(log);
        }
    }

    [LoggerMessage(1400, LogLevel.Error, "The log of request {RequestId}, job {JobId}, try {Try} could not be stored: {Reason}")]
    private static partial void NotStored(ILogger logger, string requestId, string jobId, long @try, string reason);
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
