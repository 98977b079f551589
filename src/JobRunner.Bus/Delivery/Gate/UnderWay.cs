using System.Diagnostics.CodeAnalysis;

namespace JobRunner.Bus.Delivery.Gate;

/// <summary>The deliveries that this worker has taken and that are not over, and how they are requeued when it ends.</summary>
[SuppressMessage("Usage", "CA2213", Justification = "The timer can fire while the host is disposed of: what it cancels must be there, or it ends the process.")]
internal sealed class UnderWay(TimeProvider time) : IDisposable
{
    // What is at the store now mostly ends by itself.
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _ending = new();
    private readonly CancellationTokenSource _ended = new();
    private ITimer? _end;
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Cancelled when nothing should wait any more.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>Cancelled soon after that, when what is at the store should be broken off.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Counts a delivery until it is disposed of.</summary>
    public IDisposable Begin()
    {
        Interlocked.Increment(ref _count);
        return new Counted(this);
    }

    /// <summary>Tells all deliveries to end: each is requeued for other workers.</summary>
    public void Requeue()
    {
        _ending.Cancel();
        _end ??= time.CreateTimer(_ => _ended.CancelAsync(), null, TimeToEnd, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Dispose() => _end?.Dispose();

    private sealed class Counted(UnderWay counter) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref counter._count);
    }
}
