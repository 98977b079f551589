using JobRunner.Bus.Topology;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Record;

/// <summary>
/// A channel, on a connection of its own, that knows which messages the broker has accepted. The client's own tracking puts a
/// header on each message; here messages are numbered as they are sent, by the one who sends them.
/// </summary>
internal sealed class ConfirmedChannel : IAsyncDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);

    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly Lock _lock = new();
    private Publication?[] _unconfirmed = new Publication?[1024]; // by number, modulo its length, a power of two
    private ulong _oldest = 1;
    private ulong _next = 1;
    private readonly CancellationTokenSource _over = new();
    private readonly ConfirmPatience _patience;
    private readonly TimeProvider _time;
    private long _newestSettled; // when the youngest message was sent that was settled
    private long _settledAt; // when the broker last gave word
    private volatile bool _blocked;
    private Exception? _ended;

    private ConfirmedChannel(IConnection connection, IChannel channel, ConfirmPatience patience, TimeProvider time)
    {
        _connection = connection;
        _channel = channel;
        (_patience, _time) = (patience, time);
        _settledAt = time.GetTimestamp();
        connection.ConnectionBlockedAsync += (_, _) => Block(true);
        connection.ConnectionUnblockedAsync += (_, _) => Block(false);
        channel.BasicAcksAsync += (_, ack) => Settle(ack.DeliveryTag, ack.Multiple);
        // A channel that met a queue as its leader died can refuse all that is for it (RabbitMQ 3.10): what was refused goes out on another.
        channel.BasicNacksAsync += (_, _) => End(new IOException("the broker refused a message"));
        channel.BasicReturnAsync += (_, returned) => MarkReturned(returned);
        channel.ChannelShutdownAsync += (_, reason) => End(new IOException($"the channel was closed: {reason.ReplyText}"));
        _ = WatchAsync();
    }

    public bool IsOpen => _ended is null && _channel.IsOpen;

    /// <summary>Opens a channel on a connection that is its own from then on.</summary>
    public static async Task<ConfirmedChannel> OpenAsync(
        IConnection connection, ConfirmPatience patience, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return new ConfirmedChannel(
                connection,
                await connection.CreateChannelAsync(new CreateChannelOptions(true, publisherConfirmationTrackingEnabled: false), cancellationToken),
                patience,
                time);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends a message, whose task then completes with the broker's word. Never called by two at once.</summary>
    /// <returns>False when it could not be sent; its task has failed then.</returns>
    public async ValueTask<bool> TryPublishAsync(Publication message)
    {
        lock (_lock)
        {
            if (_ended is not null)
            {
                message.Fail(_ended);
                return false;
            }

            // Before it is sent: its confirm may come before the call returns.
            Note(message);
        }

        try
        {
            var sending = _channel.BasicPublishAsync(message.Exchange, "", message.Mandatory, message.Properties, message.Body);
            if (sending.IsCompletedSuccessfully)
            {
                return true;
            }

            // The client can wait for ever when the channel closes under it (rabbitmq-dotnet-client issue 1930).
            await sending.AsTask().WaitAsync(_over.Token);
            return true;
        }
        catch (Exception error)
        {
            // Whether the broker counts it is not known: no later number on this channel would be sure.
            await End(error);
            return false;
        }
    }

    private void Note(Publication message)
    {
        message.SentAt = _time.GetTimestamp();
        if (_next - _oldest == (ulong)_unconfirmed.Length)
        {
            var larger = new Publication?[_unconfirmed.Length * 2];
            for (var number = _oldest; number < _next; number++)
            {
                larger[number % (ulong)larger.Length] = _unconfirmed[number % (ulong)_unconfirmed.Length];
            }

            _unconfirmed = larger;
        }

        _unconfirmed[_next++ % (ulong)_unconfirmed.Length] = message;
    }

    private Task Settle(ulong number, bool multiple)
    {
        lock (_lock)
        {
            for (var settled = multiple ? _oldest : number; settled <= number && settled < _next; settled++)
            {
                ref var message = ref _unconfirmed[settled % (ulong)_unconfirmed.Length];
                _newestSettled = Math.Max(_newestSettled, message?.SentAt ?? 0);
                Settle(message);
                message = null;
            }

            _settledAt = _time.GetTimestamp();
            _patience.Rewarded();

            while (_oldest < _next && _unconfirmed[_oldest % (ulong)_unconfirmed.Length] is null)
            {
                _oldest++;
            }
        }

        return Task.CompletedTask;
    }

    private static void Settle(Publication? message)
    {
        if (message is { Returned: true })
        {
            message.Fail(new IOException($"exchange {message.Exchange} has no queue for it"));
        }
        else
        {
            message?.Accepted();
        }
    }

    /// <summary>A message for no queue is sent back before its confirm. It says no number, but its body is its own.</summary>
    private Task MarkReturned(BasicReturnEventArgs returned)
    {
        lock (_lock)
        {
            for (var number = _oldest; number < _next; number++)
            {
                if (_unconfirmed[number % (ulong)_unconfirmed.Length] is { Mandatory: true } message && returned.Body.Span.SequenceEqual(message.Body))
                {
                    message.Returned = true;
                }
            }
        }

        return Task.CompletedTask;
    }

    private Task Block(bool blocked)
    {
        lock (_lock)
        {
            _settledAt = _time.GetTimestamp();
            _blocked = blocked;
        }

        return Task.CompletedTask;
    }

    /// <summary>A broker can lose a message without a word, where a stream changes its leader (RabbitMQ 3.10).</summary>
    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            await Task.Delay(BetweenLooks, _time, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_patience.Now is var patience && IsForgotten(patience))
            {
                _patience.Tried();
                await End(new TimeoutException($"no word from the broker for {patience}"));
            }
        }
    }

    /// <summary>Whether nothing is heard any more, or the oldest was left out though much younger ones were settled.</summary>
    private bool IsForgotten(TimeSpan patience)
    {
        lock (_lock)
        {
            return !_blocked
                && _oldest < _next
                && _unconfirmed[_oldest % (ulong)_unconfirmed.Length] is { SentAt: var sentAt }
                && (_time.GetElapsedTime(Math.Max(sentAt, _settledAt)) > patience || _time.GetElapsedTime(sentAt, _newestSettled) > patience);
        }
    }

    private Task End(Exception error)
    {
        lock (_lock)
        {
            _ended ??= error;
            for (; _oldest < _next; _oldest++)
            {
                ref var message = ref _unconfirmed[_oldest % (ulong)_unconfirmed.Length];
                message?.Fail(_ended);
                message = null;
            }
        }

        return _over.CancelAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await End(new ObjectDisposedException(nameof(ConfirmedChannel)));
        // Aborted, not closed, and in its own time: where it was lost there is nobody to answer.
        var ended = Task.Run(async () =>
        {
            await _connection.AbortAsync(TimeToEnd);
            await _connection.DisposeAsync();
        });
        await ended.WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
