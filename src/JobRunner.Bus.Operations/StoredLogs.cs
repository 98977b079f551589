using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Delivery.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Operations;

/// <summary>Reads job logs from where the settings say they are: the Request Manager, or the local store.</summary>
internal sealed class StoredLogs : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly IJobLogReader _reader;

    /// <summary>Opens what the settings name.</summary>
    /// <exception cref="OptionsValidationException">A setting is wrong.</exception>
    public StoredLogs(IConfiguration configuration)
    {
        _services = new ServiceCollection()
            .AddLogging(logging => logging.ClearProviders())
            .AddSingleton(configuration)
            .AddJobLogDelivery(configuration)
            .BuildServiceProvider();
        _reader = _services.GetRequiredService<IJobLogReader>();
        Where = _reader is SqliteJobLogStore file
            ? $"the file {file.Path}"
            : $"the Request Manager at {_services.GetRequiredService<IOptions<RequestManagerOptions>>().Value.BaseUrl}";
    }

    /// <summary>Where that is, for messages.</summary>
    public string Where { get; }

    /// <summary>Every log of a request.</summary>
    /// <exception cref="CommandException">They cannot be read.</exception>
    public async Task<IReadOnlyList<JobLogRecorded>> ReadAsync(string requestId, CancellationToken cancellation)
    {
        try
        {
            return await _reader.GetAsync(requestId, cancellation);
        }
        catch (Exception error) when (error is PermanentDeliveryException or RetryableDeliveryException)
        {
            throw new CommandException(error.Message, error);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
