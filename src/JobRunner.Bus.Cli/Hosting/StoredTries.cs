using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Delivery.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>Asks the Request Manager, or the local store, which tries it holds.</summary>
internal sealed class StoredTries : IStoredTries
{
    private readonly ServiceProvider _services;
    private readonly IJobLogReader _reader;

    private StoredTries(ServiceProvider services)
    {
        _services = services;
        _reader = services.GetRequiredService<IJobLogReader>();
        Where = _reader is SqliteJobLogStore file
            ? $"the file {file.Path}"
            : $"the Request Manager at {services.GetRequiredService<IOptions<RequestManagerOptions>>().Value.BaseUrl}";
    }

    public string Where { get; }

    /// <summary>
    /// Opens what the settings name, or the Request Manager at the address given. Where neither a Request Manager nor a file is
    /// named, nothing counts as delivered: the preset file is that of <c>run</c>, and tells nothing of a broker's workers.
    /// </summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static IStoredTries Open(string? requestManager) => SettingsErrors.Explain(() =>
    {
        var services = StoredLogs.Services(requestManager);
        var named = services.GetRequiredService<IOptions<RequestManagerOptions>>().Value.BaseUrl is { Length: > 0 }
            || services.GetRequiredService<IConfiguration>()[$"{JobLogStoreOptions.Section}:{nameof(JobLogStoreOptions.Path)}"] is { Length: > 0 };
        return named ? (IStoredTries)new StoredTries(services) : new NoStoredTries();
    });

    public async Task<IReadOnlySet<(string JobId, long Try)>> OfAsync(string requestId, CancellationToken cancellation)
    {
        try
        {
            var logs = await _reader.GetAsync(requestId, cancellation);
            return logs.Select(log => (log.JobId, log.Try)).ToHashSet();
        }
        catch (Exception error) when (error is PermanentDeliveryException or RetryableDeliveryException)
        {
            throw new CommandException(error.Message, error);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
