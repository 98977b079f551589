using System.Threading.Channels;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>
/// Reads an error queue without losing what it reads: nothing is acknowledged but what is removed, and with the channel
/// everything else goes back. A consumer gets no more than its prefetch unacknowledged; when those it has are all held, one
/// more consumer gets the next ones. So the queue may be of any length, while no more than a prefetch of bodies is in memory.
/// </summary>
internal sealed class ErrorQueue : IErrorQueue
{
    private const ushort Prefetch = 200;

    // The messages counted at the start may go to another reader: then none comes any more.
    private static readonly TimeSpan LookAfter = TimeSpan.FromSeconds(1);

    // A channel hands a quorum queue no more than 32 commands at once and keeps the rest to itself; what it keeps is lost when
    // it is closed (measured on 3.10: of 250 acknowledgements before the close, 217). Answers in between let it catch up.
    private const int AcksBetweenLooks = 25;

    private static readonly TimeSpan AcksSettleWithin = TimeSpan.FromMilliseconds(200);

    private readonly Channel<ErrorMessage> _arrived = Channel.CreateUnbounded<ErrorMessage>(new UnboundedChannelOptions { SingleReader = true });
    private readonly BrokerConnection _connection;
    private readonly IChannel _channel;
    private readonly string _queue;
    private readonly TimeProvider _time;
    private long _consumers;
    private long _received;
    private long _held;
    private long _removed;

    private ErrorQueue(BrokerConnection connection, IChannel channel, string queue, TimeProvider time)
    {
        _connection = connection;
        _channel = channel;
        _queue = queue;
        _time = time;
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            _arrived.Writer.TryComplete(connection.Lost(reason));
            return Task.CompletedTask;
        };
    }

    public long Total { get; private set; }

    public bool IsReadByOthers { get; private set; }

    public static async Task<IErrorQueue> OpenAsync(BrokerConnection connection, string queue, TimeProvider time, CancellationToken cancellation)
    {
        ErrorQueue? opened = null;
        await connection.GuardAsync(async () =>
        {
            opened = new ErrorQueue(connection, await connection.NewChannelAsync(null, cancellation), queue, time);
            var state = await opened._channel.QueueDeclarePassiveAsync(Names.ErrorQueue(queue), cancellation);
            opened.Total = state.MessageCount;
            opened.IsReadByOthers = state.ConsumerCount > 0;
            await opened._channel.BasicQosAsync(0, Prefetch, global: false, cancellation);
        });
        return opened!;
    }

    public async ValueTask<ErrorMessage?> NextAsync(CancellationToken cancellation)
    {
        var emptyLooks = 0;
        while (true)
        {
            if (_arrived.Reader.TryRead(out var message))
            {
                return message;
            }

            if (Interlocked.Read(ref _received) >= Total)
            {
                // What came after the start is left for the next look.
                return _arrived.Reader.TryRead(out message) ? message : null;
            }

            if (Interlocked.Read(ref _held) >= _consumers * Prefetch)
            {
                await ConsumeAsync(cancellation);
            }

            // Twice: an answer of the broker can overtake the deliveries before it, but not those before the last answer.
            if (!await ArrivesAsync(cancellation) && await IsEmptyAsync(cancellation) && ++emptyLooks == 2)
            {
                return null;
            }
        }
    }

    public async Task RemoveAsync(ErrorMessage message)
    {
        await _connection.GuardAsync(() => _channel.BasicAckAsync(message.DeliveryTag, multiple: false).AsTask());
        Interlocked.Decrement(ref _held);
        if (Interlocked.Increment(ref _removed) % AcksBetweenLooks == 0)
        {
            await IsEmptyAsync(CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            if (Interlocked.Read(ref _removed) > 0 && _channel.IsOpen)
            {
                await IsEmptyAsync(CancellationToken.None);
                await Task.Delay(AcksSettleWithin, _time);
                await IsEmptyAsync(CancellationToken.None);
            }

            await _channel.CloseAsync();
            await _channel.DisposeAsync();
        }
        catch (Exception error) when (error is SchedulerBusException || BrokerFaults.IsBrokers(error))
        {
            // Closed already, and everything back.
        }
    }

    private Task ConsumeAsync(CancellationToken cancellation) => _connection.GuardAsync(async () =>
    {
        _consumers++;
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // One delivery at a time, whichever consumer gets it. Counted last: who sees the count finds the message.
            if (Interlocked.Read(ref _received) < Total)
            {
                Interlocked.Increment(ref _held);
                _arrived.Writer.TryWrite(ErrorMessage.Of(
                    _queue, delivery.DeliveryTag, new BasicProperties(delivery.BasicProperties), delivery.Body.ToArray()));
                Interlocked.Increment(ref _received);
            }

            // What came after the start is held, not looked at.
            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(Names.ErrorQueue(_queue), autoAck: false, consumer, cancellation);
    });

    private async Task<bool> ArrivesAsync(CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(LookAfter, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            return await _arrived.Reader.WaitToReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> IsEmptyAsync(CancellationToken cancellation)
    {
        var ready = 0u;
        await _connection.GuardAsync(async () =>
            ready = (await _channel.QueueDeclarePassiveAsync(Names.ErrorQueue(_queue), cancellation)).MessageCount);
        return ready == 0 && !_arrived.Reader.TryPeek(out _);
    }
}
