using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Delivery.Sqlite;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Delivery;

/// <summary>Registers where job logs go.</summary>
public static class JobLogDelivery
{
    internal const string HttpClientName = "request-manager";

    /// <summary>
    /// Registers <see cref="IJobLogStore"/> and <see cref="IJobLogReader"/>: the Request Manager when
    /// <see cref="RequestManagerOptions.BaseUrl"/> is set, else the SQLite file of <see cref="JobLogStoreOptions"/>.
    /// Settings are validated when the host starts.
    /// </summary>
    public static IServiceCollection AddJobLogDelivery(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configuration);

        services.TryAddSingleton(TimeProvider.System);
        services.AddSettings<RequestManagerOptions, RequestManagerOptionsRules>(configuration, RequestManagerOptions.Section);
        services.AddSettings<JobLogStoreOptions, JobLogStoreOptionsRules>(configuration, JobLogStoreOptions.Section);
        services.AddSettings<ReportOptions, ReportOptionsRules>(configuration, ReportOptions.Section);

        services.AddRequestManagerHttpClient();
        services.TryAddSingleton(provider => new RequestManagerClient(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(HttpClientName),
            RequestManagerCredentials.From(provider),
            provider.GetRequiredService<IOptions<RequestManagerOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RequestManagerClient>>()));
        services.TryAddSingleton<SqliteJobLogStore>();

        services.TryAddSingleton<DeliveryGate>();
        services.TryAddSingleton<UnderWay>();
        services.TryAddSingleton<DeliveryMetrics>();
        services.TryAddSingleton<ILogDelay, InMemoryLogDelay>();
        services.TryAddSingleton(provider =>
        {
            var report = provider.GetRequiredService<IOptions<ReportOptions>>().Value;
            return new RedeliveryPolicy(report.Delays, report.RedeliverFor);
        });

        services.TryAddSingleton(Store);
        services.TryAddSingleton(provider => (IJobLogReader)provider.GetRequiredService<IJobLogStore>());
        return services;
    }

    private static IJobLogStore Store(IServiceProvider provider)
    {
        var logger = provider.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(JobLogDelivery));
        if (provider.GetRequiredService<IOptions<RequestManagerOptions>>().Value.BaseUrl is { Length: > 0 } baseUrl)
        {
            logger.DeliversToRequestManager(baseUrl);
            return provider.GetRequiredService<RequestManagerClient>();
        }

        var sqlite = provider.GetRequiredService<SqliteJobLogStore>();
        logger.DeliversToSqlite(sqlite.Path);
        return sqlite;
    }

    private static void AddRequestManagerHttpClient(this IServiceCollection services)
    {
        services.AddHttpClient(HttpClientName)
            .ConfigureHttpClient(http => http.Timeout = Timeout.InfiniteTimeSpan) // Each attempt has its own.
            .UseSocketsHttpHandler((handler, provider) =>
            {
                ConfigureConnections(handler);
                RequestManagerTls.From(provider)?.Secure(handler);
            })
            // One long-lived client: PooledConnectionLifetime sees to changed addresses, not a new handler.
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            // Four lines for every job log tell nobody anything.
            .RemoveAllLoggers();
    }

    private static void ConfigureConnections(SocketsHttpHandler handler)
    {
        handler.ConnectTimeout = TimeSpan.FromSeconds(5);
        handler.PooledConnectionLifetime = TimeSpan.FromMinutes(5);
        handler.AllowAutoRedirect = false;
        handler.UseCookies = false;
        handler.UseProxy = false;

        // The echo of a 201 is not read: a small one is drained to keep the connection, a big one costs the connection.
        handler.MaxResponseDrainSize = 256 * 1024;
        handler.ResponseDrainTimeout = TimeSpan.FromSeconds(2);
    }
}
