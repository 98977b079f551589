using Microsoft.Extensions.Caching.Memory;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>
/// Chains as they last stood, so that an event reads only what has changed since. Bounded; whatever is not here is read from the
/// database. A version that is here was committed.
/// </summary>
/// <param name="keepEnded">How long ended chains are kept: no chain is kept here so long that another could have its id.</param>
internal sealed class ChainCache(TimeSpan keepEnded) : IDisposable
{
    private const int MostJobs = 200_000;

    private readonly MemoryCache _chains = new(new MemoryCacheOptions { SizeLimit = MostJobs, CompactionPercentage = 0.2 });

    /// <summary>The chain, if it is here.</summary>
    public (ChainState State, long Version)? Find(string requestId) =>
        _chains.TryGetValue(requestId, out Entry? found) ? (found!.State, found.Version) : null;

    /// <summary>Keeps a chain that runs; one that ended is asked for seldom.</summary>
    public void Keep(ChainState state, long version)
    {
        if (state.IsEnded)
        {
            _chains.Remove(state.RequestId);
        }
        else
        {
            _chains.Set(state.RequestId, new Entry(state, version), new MemoryCacheEntryOptions { Size = state.Jobs.Count, SlidingExpiration = keepEnded / 2 });
        }
    }

    public void Dispose() => _chains.Dispose();

    private sealed record Entry(ChainState State, long Version);
}
