using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>Asks the Request Manager, or the local store, which tries it holds.</summary>
internal sealed class StoredTries(StoredLogs logs) : IStoredTries
{
    public string Where => logs.Where;

    /// <summary>
    /// Opens what the settings name. Where they name neither a Request Manager nor a file, nothing counts as delivered: the preset file is
    /// that of <c>run</c>, and tells nothing of a broker's workers.
    /// </summary>
    /// <exception cref="OptionsValidationException">A setting is wrong.</exception>
    public static IStoredTries Open(IConfiguration settings)
    {
        // Made though it may not be used: it is what finds a wrong setting.
        var logs = new StoredLogs(settings);
        return IsSet(settings, RequestManagerOptions.Section, nameof(RequestManagerOptions.BaseUrl)) || IsSet(settings, JobLogStoreOptions.Section, nameof(JobLogStoreOptions.Path))
            ? new StoredTries(logs)
            : new NoStoredTries();
    }

    private static bool IsSet(IConfiguration settings, string section, string name) => settings[$"{section}:{name}"] is { Length: > 0 };

    public async Task<IReadOnlySet<(string JobId, long Try)>> OfAsync(string requestId, CancellationToken cancellation) =>
        (await logs.ReadAsync(requestId, cancellation)).Select(log => (log.JobId, log.Try)).ToHashSet();

    public ValueTask DisposeAsync() => logs.DisposeAsync();
}
