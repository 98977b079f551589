using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.RabbitMq;

/// <summary>
/// A channel that knows which messages the broker has accepted: many at once, each matched in constant time. It ends, and fails
/// what is under way, when the broker refuses a message or gives no word in time. Safe for use by any thread.
/// </summary>
/// <remarks>The client's own tracking puts a header on each message; here they are numbered as they are sent.</remarks>
internal sealed class ConfirmedChannel : IAsyncDisposable
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);

    private readonly IChannel _channel;
    private readonly BrokerAlarm _alarm;
    private readonly ConfirmPatience _patience;
    private readonly TimeProvider _time;
    private readonly Keepers _keepers;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource<Exception> _ending = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Unconfirmed _unconfirmed = new();
    private TaskCompletionSource? _room;
    private long _settledAt; // when the broker last gave word
    private Exception? _ended;

    private ConfirmedChannel(IChannel channel, BrokerAlarm alarm, ConfirmPatience patience, TimeProvider time)
    {
        (_channel, _alarm, _patience, _time) = (channel, alarm, patience, time);
        _settledAt = time.GetTimestamp();
        _keepers = new Keepers(keeper => channel.QueueDeclarePassiveAsync(keeper, _over.Token), End, _lock, time);
        channel.BasicAcksAsync += (_, ack) => Settle(ack.DeliveryTag, ack.Multiple);
        // A channel that met a queue as its leader died can refuse all that is for it (RabbitMQ 3.10): what was refused goes out on another.
        channel.BasicNacksAsync += (_, _) => Ended(new IOException("the broker refused a message"));
        // A message for no queue is sent back before its confirm.
        channel.BasicReturnAsync += (_, returned) => MarkReturned(returned);
        channel.ChannelShutdownAsync += (_, reason) => Ended(new IOException($"the channel was closed: {reason.ReplyText}"));
        _ = WatchAsync();
    }

    /// <summary>The channel itself, to consume on.</summary>
    public IChannel Channel => _channel;

    public bool IsOpen => _ended is null && _channel.IsOpen;

    /// <summary>Completes when it can be used no more, with the reason.</summary>
    public Task<Exception> Over => _ending.Task;

    /// <summary>The largest body that the broker takes, if it has refused a larger one here.</summary>
    public long? LargestBody { get; private set; }

    /// <summary>Opens a channel.</summary>
    public static async Task<ConfirmedChannel> OpenAsync(
        IConnection connection, BrokerAlarm alarm, ConfirmPatience patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, publisherConfirmationTrackingEnabled: false), cancellationToken);
        // The patience here is what ends a wait: a broker in an alarm answers later.
        channel.ContinuationTimeout = TimeSpan.FromDays(1);
        return new ConfirmedChannel(channel, alarm, patience, time);
    }

    /// <summary>Sends a message, whose task then completes with the broker's word. Waits while too much is under way.</summary>
    /// <param name="message">The message.</param>
    /// <param name="look">Whether its keeper is looked for at once; otherwise <see cref="Look"/> must be called when what belongs to it is sent, too.</param>
    /// <returns>False when it could not be sent; its task has failed then.</returns>
    public async ValueTask<bool> SendAsync(Publication message, bool look = true)
    {
        try
        {
            await _writing.WaitAsync(_over.Token);
        }
        catch (OperationCanceledException)
        {
            message.Fail(_ended!);
            return false;
        }

        try
        {
            var sent = await WriteAsync(message);
            if (look)
            {
                Look();
            }

            return sent;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Looks for the keepers of what was sent.</summary>
    public void Look() => _keepers.Look();

    private async ValueTask<bool> WriteAsync(Publication message)
    {
        while (true)
        {
            Task room;
            lock (_lock)
            {
                if (_ended is not null)
                {
                    message.Fail(_ended);
                    return false;
                }

                if (_unconfirmed.HasRoomFor(message))
                {
                    // Before it is sent: its confirm may come before the call returns.
                    message.Sending(_time.GetTimestamp());
                    _unconfirmed.Add(message);
                    break;
                }

                room = (_room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await room;
        }

        try
        {
            var sending = _channel.BasicPublishAsync(message.Exchange, message.RoutingKey, message.Mandatory, message.Properties, message.Body);
            if (!sending.IsCompletedSuccessfully)
            {
                // The client can wait for ever when the channel closes under it (rabbitmq-dotnet-client issue 1930).
                await sending.AsTask().WaitAsync(_over.Token);
            }

            _keepers.Sent(message);
            return true;
        }
        catch (Exception error)
        {
            // Whether the broker counts it is not known: no later number on this channel would be sure.
            End(error);
            return false;
        }
    }

    private Task Settle(ulong number, bool multiple)
    {
        lock (_lock)
        {
            _unconfirmed.Settle(number, multiple);
            _settledAt = _time.GetTimestamp();
            _patience.Rewarded();
            _room?.SetResult();
            _room = null;
        }

        return Task.CompletedTask;
    }

    private Task MarkReturned(BasicReturnEventArgs returned)
    {
        lock (_lock)
        {
            _unconfirmed.MarkReturned(returned.Exchange, returned.RoutingKey, returned.Body.Span);
        }

        return Task.CompletedTask;
    }

    /// <summary>A broker can lose a message without a word, where a stream changes its leader (RabbitMQ 3.10).</summary>
    private async Task WatchAsync()
    {
        while (!_over.IsCancellationRequested)
        {
            await Task.Delay(BetweenLooks, _time, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_patience.Now is var patience && Forgotten(patience) is { } what)
            {
                _patience.Tried();
                End(new TimeoutException($"no word from the broker for {patience} about {what}"));
            }
        }
    }

    /// <summary>What it gives no word of: nothing is heard any more, or the oldest was left out though much younger ones were settled.</summary>
    private string? Forgotten(TimeSpan patience)
    {
        lock (_lock)
        {
            if (_alarm.Reason is not null)
            {
                return null;
            }

            var heard = Math.Max(_settledAt, _alarm.ChangedAt);
            if (_unconfirmed.Oldest is { } oldest
                && (_time.GetElapsedTime(Math.Max(oldest.SentAt, heard)) > patience || _time.GetElapsedTime(oldest.SentAt, _unconfirmed.NewestSettled) > patience))
            {
                return $"a message to {(oldest.Exchange.Length > 0 ? oldest.Exchange : oldest.RoutingKey)}";
            }

            return _keepers.LookingSince is { } since && _time.GetElapsedTime(Math.Max(since, _alarm.ChangedAt)) > patience ? "a queue" : null;
        }
    }

    private Task Ended(Exception error)
    {
        End(error);
        return Task.CompletedTask;
    }

    private void End(Exception error)
    {
        lock (_lock)
        {
            if (_ended is null)
            {
                LargestBody = MessageTooLargeException.LimitIn(_channel.CloseReason);
                _ended = _channel.CloseReason is { } reason ? new IOException($"the channel was closed: {reason.ReplyText}", error) : error;
            }

            _unconfirmed.Fail(message => message.Body.Length > LargestBody ? new MessageTooLargeException(message.Body.Length, LargestBody.Value) : _ended);
            _keepers.Fail(_ended);
            _room?.SetResult();
            _room = null;
        }

        _ending.TrySetResult(_ended);
        _over.Cancel();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        End(new ObjectDisposedException(nameof(ConfirmedChannel)));
        // Aborted, not closed, and in its own time: where it was lost there is nobody to answer.
        await Task.Run(() => _channel.AbortAsync()).WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
