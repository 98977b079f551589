using System.Threading.Channels;
using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>
/// The way out of a worker: all that it publishes leaves here, in the order in which it was given, many messages at once, each
/// one attempt. A channel that the broker closed, that refused a message or gave no word in time is replaced, with its connection.
/// </summary>
internal sealed class BrokerPublisher : IAsyncDisposable
{
    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);

    private readonly Func<CancellationToken, Task<IConnection>> _connect;
    private readonly Func<IConnection, CancellationToken, Task> _restore;
    private readonly Action<string?> _alarm;
    private readonly ConfirmPatience _patience;
    private readonly TimeProvider _time;
    private readonly Channel<(Publication First, Publication? Second)> _queue =
        Channel.CreateUnbounded<(Publication, Publication?)>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _writing;
    private IConnection? _connection;
    private ConfirmedChannel? _channel;
    private long? _largestBody;

    /// <summary>Starts to take messages; connects with the first.</summary>
    /// <param name="connect">Opens a connection for this alone.</param>
    /// <param name="restore">Works on each connection before messages do: the broker may have lost its queues, or not have them back yet.</param>
    /// <param name="alarm">Told why the broker stops to read, and <see langword="null"/> when it reads again.</param>
    /// <param name="patience">How long the broker's word is waited for.</param>
    /// <param name="time">The clock.</param>
    public BrokerPublisher(
        Func<CancellationToken, Task<IConnection>> connect,
        Func<IConnection, CancellationToken, Task> restore,
        Action<string?> alarm,
        ConfirmPatience patience,
        TimeProvider time)
    {
        (_connect, _restore, _alarm, _patience, _time) = (connect, restore, alarm, patience, time);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Sends messages behind each other: the second leaves only if the first did. Their tasks tell the broker's word.</summary>
    public void Send(Publication first, Publication? second = null)
    {
        if (!_queue.Writer.TryWrite((first, second)))
        {
            Fail(new ObjectDisposedException(nameof(BrokerPublisher)), first, second);
        }
    }

    private async Task WriteAsync()
    {
        await foreach (var (first, second) in _queue.Reader.ReadAllAsync(_stopping.Token))
        {
            try
            {
                if (!await TrySendAsync(first) || second is null || !await TrySendAsync(second))
                {
                    second?.Fail(new IOException("what must leave before it was not sent"));
                }
            }
            catch (Exception error)
            {
                // All that wait would meet the same: one by one each would wait for the same timeout.
                Fail(error, first, second);
                FailAll(error);
            }
            finally
            {
                // Behind both: the broker reads on only when it has answered a look.
                _channel?.Look();
            }
        }
    }

    private async ValueTask<bool> TrySendAsync(Publication message)
    {
        if (message.Body.Length > _largestBody)
        {
            message.Fail(new MessageTooLargeException(message.Body.Length, _largestBody.Value));
            return false;
        }

        var channel = _channel is { IsOpen: true } open ? open : await OpenAsync();
        if (message.MayLeave is { } mayLeave)
        {
            await mayLeave(_stopping.Token);
        }

        // What was cancelled meanwhile must not leave any more.
        return !message.IsOver && await channel.SendAsync(message, look: false);
    }

    private async ValueTask<ConfirmedChannel> OpenAsync()
    {
        if (_channel is { LargestBody: { } limit })
        {
            _largestBody = limit;
        }
        else if (_connection is { IsOpen: false })
        {
            // A broker that was restarted may take more.
            _largestBody = null;
        }

        await AbortConnectionAsync();
        var connection = await _connect(_stopping.Token);
        _connection = connection;
        await _restore(connection, _stopping.Token);
        return _channel = await ConfirmedChannel.OpenAsync(connection, new BrokerAlarm(connection, _time, _alarm), _patience, _time, _stopping.Token);
    }

    private async Task AbortConnectionAsync()
    {
        if (_connection is { } connection)
        {
            if (_channel is { } channel)
            {
                _channel = null;
                await channel.DisposeAsync();
            }

            _alarm(null);
            // Aborted, and in its own time: where it was lost there is nobody to answer.
            var ended = Task.Run(async () =>
            {
                await connection.AbortAsync(TimeToEnd);
                await connection.DisposeAsync();
            });
            await ended.WaitAsync(TimeToEnd).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static void Fail(Exception error, Publication first, Publication? second)
    {
        first.Fail(error);
        second?.Fail(error);
    }

    private void FailAll(Exception error)
    {
        while (_queue.Reader.TryRead(out var next))
        {
            Fail(error, next.First, next.Second);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        FailAll(new ObjectDisposedException(nameof(BrokerPublisher)));
        await AbortConnectionAsync();
        _stopping.Dispose();
    }
}
