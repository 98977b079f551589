namespace JobRunner.Bus.Operations.Repair;

/// <summary>
/// Asks once per request, and no more when there is no answer: a log that is sent back though it was delivered is
/// recognised by its key.
/// </summary>
internal sealed class StoredTriesBook(IStoredTries stored, Action<string> warn)
{
    private const int MostRequests = 1_000;

    private readonly Dictionary<string, IReadOnlySet<(string JobId, long Try)>> _asked = new(StringComparer.Ordinal);
    private bool _answers = true;

    /// <summary>Where logs are stored.</summary>
    public string Where => stored.Where;

    /// <summary>Whether a log is there.</summary>
    public async Task<bool> HoldsAsync(ErrorMessage log, CancellationToken cancellation) =>
        log is { RequestId: { } requestId, JobId: { } jobId, Try: { } number } && (await OfAsync(requestId, cancellation)).Contains((jobId, number));

    /// <summary>The highest try of a job that is there; 0 when there is none.</summary>
    public async Task<long> HighestAsync(string requestId, string jobId, CancellationToken cancellation) =>
        (await OfAsync(requestId, cancellation)).Where(entry => entry.JobId == jobId).Select(entry => entry.Try).DefaultIfEmpty().Max();

    private async Task<IReadOnlySet<(string JobId, long Try)>> OfAsync(string requestId, CancellationToken cancellation)
    {
        if (_asked.TryGetValue(requestId, out var known))
        {
            return known;
        }

        if (!_answers)
        {
            return new HashSet<(string, long)>();
        }

        if (_asked.Count >= MostRequests)
        {
            _asked.Clear();
        }

        try
        {
            return _asked[requestId] = await stored.OfAsync(requestId, cancellation);
        }
        catch (CommandException error)
        {
            _answers = false;
            warn($"it cannot be told which logs were delivered meanwhile: {error.Message}");
            return new HashSet<(string, long)>();
        }
    }
}
