using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery.Gate;

/// <summary>
/// Holds job logs while their store is down. Five rules:
/// <list type="number">
/// <item>Open, it lets every delivery through.</item>
/// <item>A delivery that fails, while no other got through since it began, shuts it.</item>
/// <item>Shut, it lets one at a time through: 0.5 s after the last failure, then 1, 2, 4 and 5 s; as much later as the store asks for.</item>
/// <item>The first delivery that gets through opens it.</item>
/// <item>A delivery that failed waits here again if the store says that it is down. Else its log may be at fault: it is
/// redelivered, and the next one goes 0.1 s later.</item>
/// </list>
/// Time is monotonic: a clock that is set back keeps nothing shut. Thread-safe.
/// </summary>
internal sealed class DeliveryGate(TimeProvider time, ILogger<DeliveryGate> logger) : IDisposable
{
    /// <summary>The first pause between two deliveries while the store is down; it doubles.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause that the store did not ask for.</summary>
    public static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>The pause after a log that may be at fault itself.</summary>
    public static readonly TimeSpan PauseAfterSuspect = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause that the store can ask for (<c>Retry-After</c>).</summary>
    public static readonly TimeSpan LongestAskedFor = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan ToldAgainAfter = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly LinkedList<TaskCompletionSource<Outage?>> _waiting = [];
    private readonly long _made = time.GetTimestamp();
    private Outage? _outage;
    private TimeSpan? _lastThroughAt;
    private ITimer? _timer;

    /// <summary>Whether the store seems to be down.</summary>
    public bool IsShut => Volatile.Read(ref _outage) is not null;

    /// <summary>How many deliveries wait to be let through.</summary>
    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    private TimeSpan Now => time.GetElapsedTime(_made);

    /// <summary>Whether any delivery got through after that moment.</summary>
    public bool GotThroughSince(DateTimeOffset moment)
    {
        lock (_lock)
        {
            return _lastThroughAt is { } at && time.GetUtcNow() - (Now - at) > moment;
        }
    }

    /// <summary>Runs a delivery, and runs it again for as long as the store is down.</summary>
    /// <param name="deliver">The delivery; throws when the log was not taken.</param>
    /// <param name="patience">How long it may wait here in all; infinite for as long as it takes.</param>
    /// <param name="cancellationToken">Ends the wait. What is thrown once it is cancelled tells nothing of the store.</param>
    /// <exception cref="RetryableDeliveryException">The log was not taken, or the patience is over.</exception>
    public async Task RunAsync(Func<Task> deliver, TimeSpan patience, CancellationToken cancellationToken)
    {
        var begun = Now;
        while (true)
        {
            var left = patience == Timeout.InfiniteTimeSpan ? patience : patience - (Now - begun);
            var probed = await EnterAsync(left < TimeSpan.Zero && patience >= TimeSpan.Zero ? TimeSpan.Zero : left, cancellationToken);
            try
            {
                await deliver();
                GotThrough();
                return;
            }
            catch (PermanentDeliveryException refusal) when (refusal.Status is not null)
            {
                // A no is an answer: the store works.
                GotThrough();
                throw;
            }
            catch (Exception error) when (error is PermanentDeliveryException || cancellationToken.IsCancellationRequested)
            {
                SaidNothing(probed);
                throw;
            }
            catch (Exception error)
            {
                if (!Failed(probed, error, begun))
                {
                    throw;
                }
            }
        }
    }

    /// <returns>The outage that this delivery looks for the end of; none while the gate is open.</returns>
    private async Task<Outage?> EnterAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource<Outage?>(TaskCreationOptions.RunContinuationsAsynchronously);
        LinkedListNode<TaskCompletionSource<Outage?>> place;
        lock (_lock)
        {
            if (_outage is null)
            {
                return null;
            }

            place = _waiting.AddLast(turn);
            LetThrough();
        }

        try
        {
            return await turn.Task.WaitAsync(patience, time, cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            Leave(place);
            throw error is TimeoutException ? new RetryableDeliveryException("the store is down") { StoreIsDown = true } : error;
        }
    }

    private void Leave(LinkedListNode<TaskCompletionSource<Outage?>> place)
    {
        lock (_lock)
        {
            if (place.List is not null)
            {
                _waiting.Remove(place);
            }
            else if (place.Value.Task.Result is { } probed)
            {
                // Let through in the same moment.
                probed.IsProbed = false;
                LetThrough();
            }
        }
    }

    private void GotThrough()
    {
        lock (_lock)
        {
            _lastThroughAt = Now;
            if (_outage is { } outage)
            {
                logger.StoreIsBack(Now - outage.Since);
                _outage = null;
                LetThrough();
            }
        }
    }

    private void SaidNothing(Outage? probed)
    {
        lock (_lock)
        {
            probed?.IsProbed = false;
            LetThrough();
        }
    }

    /// <returns>Whether the delivery waits for its store.</returns>
    private bool Failed(Outage? probed, Exception error, TimeSpan begun)
    {
        lock (_lock)
        {
            var now = Now;
            var isLogs = _lastThroughAt > begun;
            if (_outage is null && !isLogs)
            {
                probed = _outage = new Outage(now);
                logger.StoreIsDown(error.Reason());
            }

            if (_outage is { } outage)
            {
                outage.Failed(now, probed == outage, error as RetryableDeliveryException);
                if (now - outage.ToldAt >= ToldAgainAfter)
                {
                    outage.ToldAt = now;
                    logger.StoreIsStillDown(now - outage.Since, error.Reason());
                }
            }

            LetThrough();
            return !isLogs && error is RetryableDeliveryException { StoreIsDown: true };
        }
    }

    private void LetThrough()
    {
        while (_waiting.First is { } first && _outage is not { IsProbed: true })
        {
            if (_outage?.NextAt - Now is { } pause && pause > TimeSpan.Zero)
            {
                _timer ??= time.CreateTimer(_ => OnTimer(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                _timer.Change(pause, Timeout.InfiniteTimeSpan);
                return;
            }

            _waiting.RemoveFirst();
            _outage?.IsProbed = true;
            first.Value.SetResult(_outage);
        }
    }

    private void OnTimer()
    {
        lock (_lock)
        {
            LetThrough();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _timer?.Dispose();
}
