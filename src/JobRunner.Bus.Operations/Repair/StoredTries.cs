namespace JobRunner.Bus.Operations.Repair;

/// <summary>Asks the Request Manager, or the local store, which tries it holds.</summary>
internal sealed class StoredTries(StoredLogs logs) : IStoredTries
{
    public string Where => logs.Where;

    public async Task<IReadOnlySet<(string JobId, long Try)>> OfAsync(string requestId, CancellationToken cancellation) =>
        (await logs.ReadAsync(requestId, cancellation)).Select(log => (log.JobId, log.Try)).ToHashSet();

    public ValueTask DisposeAsync() => logs.DisposeAsync();
}
