using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>Reads job logs from where the settings say they are: the Request Manager, or the local store.</summary>
internal static class StoredLogs
{
    /// <summary>Every log of a request.</summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static async Task<IReadOnlyList<JobLogRecorded>> ReadAsync(string requestId, CancellationToken cancellation)
    {
        await using var services = Services();
        var reader = SettingsErrors.Explain(services.GetRequiredService<IJobLogReader>);
        try
        {
            return await reader.GetAsync(requestId, cancellation);
        }
        catch (Exception error) when (error is PermanentDeliveryException or RetryableDeliveryException)
        {
            throw new CommandException(error.Message);
        }
    }

    /// <summary>Whether the settings name a Request Manager.</summary>
    public static bool HasRequestManager() =>
        Host.CreateApplicationBuilder().Configuration[$"{RequestManagerOptions.Section}:{nameof(RequestManagerOptions.BaseUrl)}"] is { Length: > 0 };

    /// <summary>Job id → highest try number stored for the request.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> HighestTriesAsync(string requestId, CancellationToken cancellation)
    {
        var logs = await ReadAsync(requestId, cancellation);
        return logs.GroupBy(log => log.JobId).ToDictionary(job => job.Key, job => job.Max(log => log.Try));
    }

    /// <summary>What reads job logs, by the settings.</summary>
    /// <param name="requestManager">Address of the Request Manager, in the place of that in the settings.</param>
    public static ServiceProvider Services(string? requestManager = null)
    {
        var configuration = Host.CreateApplicationBuilder().Configuration;
        if (requestManager is not null)
        {
            configuration[$"{RequestManagerOptions.Section}:{nameof(RequestManagerOptions.BaseUrl)}"] = requestManager;
        }

        return new ServiceCollection()
            .AddLogging(logging => logging.ClearProviders())
            .AddSingleton<IConfiguration>(configuration)
            .AddJobLogDelivery(configuration)
            .BuildServiceProvider();
    }
}
