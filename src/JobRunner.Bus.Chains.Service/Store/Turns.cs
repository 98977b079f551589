namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>Lets one after the other do what must not be done at once.</summary>
/// <param name="lanes">How many may at once at most. What has the same key always shares a lane.</param>
internal sealed class Turns(int lanes = 1) : IDisposable
{
    private readonly SemaphoreSlim[] _lanes = [.. Enumerable.Range(0, lanes).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Waits for the turn; disposing of it ends the turn.</summary>
    public async Task<IDisposable> TakeAsync(string key, CancellationToken cancellationToken)
    {
        var lane = _lanes[(uint)string.GetHashCode(key, StringComparison.Ordinal) % _lanes.Length];
        await lane.WaitAsync(cancellationToken);
        return new Turn(lane);
    }

    public void Dispose()
    {
        foreach (var lane in _lanes)
        {
            lane.Dispose();
        }
    }

    private sealed class Turn(SemaphoreSlim lane) : IDisposable
    {
        public void Dispose() => lane.Release();
    }
}
