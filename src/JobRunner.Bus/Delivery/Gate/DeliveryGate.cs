using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Delivery.Gate;

/// <summary>
/// What all deliveries of a worker pass through. It lets through as many at once as the store can bear. When nothing gets
/// through any more, it holds them and lets one look, again and again, whether the store is back. Thread-safe.
/// </summary>
internal sealed class DeliveryGate(IOptions<ReportOptions> options, TimeProvider time, ILogger<DeliveryGate> logger) : IDisposable
{
    private static readonly TimeSpan ToldAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<GatePass>> _waiting = [];
    private readonly AdaptiveLimit _limit = new(options.Value.Concurrency);
    private int _passing;
    private Outage? _outage;
    private ITimer? _probe;
    private DateTimeOffset? _lastThroughAt;
    private DateTimeOffset? _lastShrunkAt;

    /// <summary>How many deliveries may go to the store at once.</summary>
    public int Limit => InLock(() => _outage is null ? _limit.Value : 1);

    /// <summary>How many deliveries are at the store now.</summary>
    public int Passing => InLock(() => _passing);

    /// <summary>How many deliveries wait to be let through.</summary>
    public int Waiting => InLock(() => _waiting.Count);

    /// <summary>Whether the store seems to be down.</summary>
    public bool IsShut => InLock(() => _outage is not null);

    /// <summary>Waits for permission to go to the store.</summary>
    /// <param name="patience">How long to wait; infinite for as long as it takes.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The permission; none when the patience is over.</returns>
    public async Task<GatePass?> EnterAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var mine = new TaskCompletionSource<GatePass>(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<GatePass>> place;
        lock (_lock)
        {
            place = _waiting.AddLast(mine);
            LetThrough();
        }

        try
        {
            return await mine.Task.WaitAsync(patience, time, cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            lock (_lock)
            {
                if (place.List is not null)
                {
                    _waiting.Remove(place);
                }
            }

            if (mine.Task.IsCompletedSuccessfully)
            {
                // Let through in the same moment.
                (await mine.Task).Dispose();
            }

            if (error is TimeoutException)
            {
                return null;
            }

            throw;
        }
    }

    /// <summary>Whether any delivery of this worker got through after that moment.</summary>
    public bool GotThroughSince(DateTimeOffset moment) => InLock(() => _lastThroughAt > moment);

    internal void GotThrough()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _passing--;
            _lastThroughAt = now;
            if (_outage is { } outage)
            {
                logger.StoreIsBack(now - outage.Since);
                _outage = null;
                _limit.StartOver();
            }
            else
            {
                _limit.Grow();
            }

            LetThrough();
        }
    }

    internal Verdict Failed(GatePass pass, RetryableDeliveryException error, DateTimeOffset begun)
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _passing--;
            if (error.StoreIsBusy && !(_lastShrunkAt > pass.StartedAt))
            {
                // Once per round: what was sent together comes back busy together.
                _limit.Shrink();
                _lastShrunkAt = now;
            }

            var ownTrouble = _lastThroughAt > begun;
            if (_outage is null && !ownTrouble)
            {
                _outage = new Outage(now);
                logger.StoreIsDown(error.Message);
            }

            var othersWait = _waiting.Count > 0;
            if (_outage is { } outage)
            {
                outage.Failed(now, pass.IsProbe, suspectsLog: othersWait && !error.StoreIsDown, error.RetryAfter);
                if (now - outage.ToldAt >= ToldAgainAfter)
                {
                    outage.ToldAt = now;
                    logger.StoreIsStillDown(now - outage.Since, error.Message);
                }
            }

            LetThrough();
            return new Verdict(ownTrouble, othersWait);
        }
    }

    internal void BrokenOff(GatePass pass)
    {
        lock (_lock)
        {
            _passing--;
            if (pass.IsProbe)
            {
                _outage?.ProbeBrokenOff();
            }

            LetThrough();
        }
    }

    private void LetThrough()
    {
        var now = time.GetUtcNow();
        while (_waiting.First is { } first && (_outage?.TryProbe(now) ?? (_passing < _limit.Value)))
        {
            _waiting.RemoveFirst();
            _passing++;
            first.Value.SetResult(new GatePass(this, isProbe: _outage is not null, now));
        }

        if (_outage is { } outage && _waiting.Count > 0 && outage.NextProbeAt > now)
        {
            _probe ??= time.CreateTimer(_ => InLock(() => { LetThrough(); return 0; }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _probe.Change(outage.NextProbeAt - now, Timeout.InfiniteTimeSpan);
        }
    }

    private T InLock<T>(Func<T> read)
    {
        lock (_lock)
        {
            return read();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _probe?.Dispose();
}
