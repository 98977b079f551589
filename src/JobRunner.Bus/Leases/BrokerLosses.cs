using System.Collections.Concurrent;

namespace JobRunner.Bus.Leases;

/// <summary>
/// When this worker lost the broker. One that ends in the moment in which a wait does can send the run twice: it has put it into <c>run-job</c>
/// and not yet removed it from the wait's queue. So a run that was due about then is looked up as if it had been delivered before.
/// Safe for use by any thread.
/// </summary>
internal sealed class BrokerLosses(TimeProvider time)
{
    /// <summary>How long before a loss a run was due that may come twice, by the clock of whoever sent it to wait, which may be behind.</summary>
    public static readonly TimeSpan Before = TimeSpan.FromSeconds(30);

    /// <summary>How long after it: that clock may be ahead.</summary>
    public static readonly TimeSpan After = TimeSpan.FromSeconds(5);

    // A copy comes as soon as the broker is back, behind what is in the queue.
    private const int Kept = 16;

    private readonly ConcurrentQueue<DateTimeOffset> _losses = new();

    /// <summary>The broker is lost now.</summary>
    public void Note()
    {
        _losses.Enqueue(time.GetUtcNow());
        if (_losses.Count > Kept)
        {
            _losses.TryDequeue(out _);
        }
    }

    /// <summary>Whether a run that was due then may come twice.</summary>
    public bool MayHaveDoubled(DateTimeOffset? dueAt) => dueAt is { } due && _losses.Any(at => due >= at - Before && due <= at + After);
}
