using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>Asks the Request Manager, or the local store, which tries it holds.</summary>
internal sealed class StoredTries : IStoredTries
{
    private readonly StoredLogs _logs;

    /// <summary>
    /// Those of what the settings name. Where they name neither a Request Manager nor a file, nothing counts as delivered: the preset file is
    /// that of <c>run</c>, and tells nothing of a broker's workers.
    /// </summary>
    /// <exception cref="OptionsValidationException">A setting is wrong.</exception>
    public StoredTries(IConfiguration settings)
    {
        _logs = new StoredLogs(settings);
        AreNamed = IsSet(RequestManagerOptions.Section, nameof(RequestManagerOptions.BaseUrl)) || IsSet(JobLogStoreOptions.Section, nameof(JobLogStoreOptions.Path));

        bool IsSet(string section, string name) => settings[$"{section}:{name}"] is { Length: > 0 };
    }

    /// <summary>Whether the settings name anything.</summary>
    public bool AreNamed { get; }

    public string Where => AreNamed ? _logs.Where : "nothing";

    public async Task<IReadOnlySet<(string JobId, long Try)>> OfAsync(string requestId, CancellationToken cancellation) =>
        AreNamed ? (await _logs.ReadAsync(requestId, cancellation)).Select(log => (log.JobId, log.Try)).ToHashSet() : new HashSet<(string JobId, long Try)>();

    public ValueTask DisposeAsync() => _logs.DisposeAsync();
}
