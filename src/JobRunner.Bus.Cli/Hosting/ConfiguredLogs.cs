using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery.RequestManager;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>Job logs where this program's settings say they are.</summary>
internal static class ConfiguredLogs
{
    private const string RequestManagerSetting = $"{RequestManagerOptions.Section}:{nameof(RequestManagerOptions.BaseUrl)}";

    /// <summary>Every log of a request.</summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static async Task<IReadOnlyList<JobLogRecorded>> ReadAsync(string requestId, CancellationToken cancellation)
    {
        await using var logs = SettingsErrors.Explain(() => new StoredLogs(Settings()));
        return await logs.ReadAsync(requestId, cancellation);
    }

    /// <summary>Whether the settings name a Request Manager.</summary>
    public static bool HasRequestManager() => Settings()[RequestManagerSetting] is { Length: > 0 };

    /// <summary>Job id → highest try number stored for the request.</summary>
    public static async Task<IReadOnlyDictionary<string, long>> HighestTriesAsync(string requestId, CancellationToken cancellation)
    {
        var logs = await ReadAsync(requestId, cancellation);
        return logs.GroupBy(log => log.JobId).ToDictionary(job => job.Key, job => job.Max(log => log.Try));
    }

    /// <summary>Opens what tells which tries were delivered: what the settings name, or the Request Manager at the address given.</summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static IStoredTries OpenTries(string? requestManager)
    {
        var settings = Settings();
        if (requestManager is not null)
        {
            settings[RequestManagerSetting] = requestManager;
        }

        return SettingsErrors.Explain(() => new StoredTries(settings));
    }

    private static ConfigurationManager Settings() => Host.CreateApplicationBuilder().Configuration;
}
