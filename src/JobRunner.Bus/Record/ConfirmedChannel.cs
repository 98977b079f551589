using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Record;

/// <summary>
/// A channel, on a connection of its own, that knows which messages the broker has accepted. The client's own tracking puts a
/// header on each message; here messages are numbered as they are sent, by the one who sends them.
/// </summary>
internal sealed class ConfirmedChannel : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;
    private readonly Lock _lock = new();
    private Publication?[] _unconfirmed = new Publication?[1024]; // by number, modulo its length, a power of two
    private ulong _oldest = 1;
    private ulong _next = 1;
    private readonly CancellationTokenSource _over = new();
    private Exception? _ended;

    private ConfirmedChannel(IConnection connection, IChannel channel)
    {
        _connection = connection;
        _channel = channel;
        channel.BasicAcksAsync += (_, ack) => Settle(ack.DeliveryTag, ack.Multiple, null);
        channel.BasicNacksAsync += (_, nack) => Settle(nack.DeliveryTag, nack.Multiple, new IOException("the broker refused it"));
        channel.BasicReturnAsync += (_, returned) => MarkReturned(returned);
        channel.ChannelShutdownAsync += (_, reason) => End(new IOException($"the channel was closed: {reason.ReplyText}"));
    }

    public bool IsOpen => _ended is null && _channel.IsOpen;

    /// <summary>Opens a channel on a connection that is its own from then on.</summary>
    public static async Task<ConfirmedChannel> OpenAsync(IConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            return new ConfirmedChannel(
                connection,
                await connection.CreateChannelAsync(new CreateChannelOptions(true, publisherConfirmationTrackingEnabled: false), cancellationToken));
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

    private Task Settle(ulong number, bool multiple, Exception? refused)
    {
        lock (_lock)
        {
            for (var settled = multiple ? _oldest : number; settled <= number && settled < _next; settled++)
            {
                ref var message = ref _unconfirmed[settled % (ulong)_unconfirmed.Length];
                Settle(message, refused);
                message = null;
            }

            while (_oldest < _next && _unconfirmed[_oldest % (ulong)_unconfirmed.Length] is null)
            {
                _oldest++;
            }
        }

        return Task.CompletedTask;
    }

    private static void Settle(Publication? message, Exception? refused)
    {
        if (message is { Returned: true })
        {
            message.Fail(new IOException($"exchange {message.Exchange} has no queue for it"));
        }
        else if (refused is not null)
        {
            message?.Fail(refused);
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
        // Aborted, not closed: where it was lost there is nobody to answer.
        await _connection.AbortAsync(TimeSpan.FromSeconds(1));
        await _connection.DisposeAsync();
    }
}
