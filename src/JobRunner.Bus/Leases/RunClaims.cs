using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Leases;

/// <summary>The runs that this worker is taking over, from its word about it until they live here. One per job.</summary>
internal sealed class RunClaims
{
    private readonly ConcurrentDictionary<RunnerKey, RunClaim> _claims = new();

    /// <summary>A new claim; <see langword="null"/> when the job is being taken over here already, by another copy of its command.</summary>
    public RunClaim? TryAdd(RunnerKey job)
    {
        var claim = new RunClaim(() => _claims.TryRemove(job, out _));
        return _claims.TryAdd(job, claim) ? claim : null;
    }

    /// <summary>The claim to a job; none when it is not being taken over here.</summary>
    public RunClaim? Find(RunnerKey job) => _claims.GetValueOrDefault(job);
}

/// <summary>This worker's claim to a run whose worker has been silent for a lease.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Has no timer and no link; whoever hears another may have found it before it was released.")]
internal sealed class RunClaim(Action release) : IDisposable
{
    private readonly CancellationTokenSource _yielded = new();
    private int _released;

    /// <summary>Another worker took the same run over in the same moment, and it is theirs.</summary>
    public bool HasYielded => _yielded.IsCancellationRequested;

    /// <summary>Fires when it is another worker's.</summary>
    public CancellationToken Yielded => _yielded.Token;

    /// <summary>Leaves the run to another worker.</summary>
    public void Yield() => _yielded.Cancel();

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            release();
        }
    }
}
