using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace JobRunner.Bus.Runners;

/// <summary>The runners a worker holds, by request and job. Safe for use by any thread.</summary>
public sealed class RunnerRepo
{
    private readonly ConcurrentDictionary<RunnerKey, IRunner> _runners = new();

    /// <summary>How many runners there are.</summary>
    public int Count => _runners.Count;

    /// <summary>Adds a runner; refused, and nothing changed, when its key is there.</summary>
    public bool TryAdd(IRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return _runners.TryAdd(runner.Key, runner);
    }

    /// <summary>Finds a runner.</summary>
    public bool TryGet(RunnerKey key, [NotNullWhen(true)] out IRunner? runner) => _runners.TryGetValue(key, out runner);

    /// <summary>Puts another runner in the place of this one; refused when it is not there any more.</summary>
    public bool TryReplace(IRunner current, IRunner next)
    {
        ArgumentNullException.ThrowIfNull(current);
        return _runners.TryUpdate(current.Key, next, current);
    }

    /// <summary>Removes this very runner; another one under the same key stays.</summary>
    public bool Remove(IRunner runner)
    {
        ArgumentNullException.ThrowIfNull(runner);
        return _runners.TryRemove(KeyValuePair.Create(runner.Key, runner));
    }

    /// <summary>A snapshot of all runners.</summary>
    public IReadOnlyCollection<IRunner> Items() => [.. _runners.Values];

    /// <summary>The runners of a request, or one of them.</summary>
    public IEnumerable<IRunner> Find(string requestId, string? jobId)
    {
        if (!string.IsNullOrEmpty(jobId))
        {
            return TryGet(new RunnerKey(requestId, jobId), out var runner) ? [runner] : [];
        }

        return _runners.Where(entry => entry.Key.RequestId == requestId).Select(entry => entry.Value);
    }
}
