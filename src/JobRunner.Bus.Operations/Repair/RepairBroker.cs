using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>
/// An operator's commands. What is read comes by a connection of its own: in an alarm the broker reads nothing from one that has sent, not even
/// that it is gone, and would keep a queue taken that it reads.
/// </summary>
internal sealed class RepairBroker(
    BrokerAddress address, BrokerConnection reading, BrokerConnection sending, IChannel publisher, TimeProvider time, TimeSpan confirmWithin) : IRepairBroker
{
    // Beyond half of it the client slows publishers down (its throttling rate limiter).
    private const int OutstandingConfirms = 2048;

    // Smaller is faster on streams over AMQP 0-9-1.
    private const ushort StreamPrefetch = 500;

    // Fewer than a channel hands a quorum queue at once; what it keeps to itself is lost when it is closed (see ErrorQueue).
    private const int TakenAtOnce = 25;

    private static readonly TimeSpan MarkExpires = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan AcksSettleWithin = TimeSpan.FromMilliseconds(200);

    public string Where => address.Endpoint;

    /// <summary>Connects.</summary>
    /// <param name="address">The broker.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up connecting.</param>
    /// <param name="confirmWithin">How long the broker may take to confirm a message; for ever if absent.</param>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public static async Task<IRepairBroker> OpenAsync(BrokerAddress address, TimeProvider time, CancellationToken cancellation, TimeSpan? confirmWithin = null)
    {
        var reading = await BrokerConnection.OpenAsync(address, "jobrunner repair (reads)", cancellation);
        BrokerConnection? sending = null;
        try
        {
            sending = await BrokerConnection.OpenAsync(address, "jobrunner repair (sends)", cancellation);
            IChannel? publisher = null;
            await sending.GuardAsync(async () => publisher = await sending.NewChannelAsync(
                new CreateChannelOptions(
                    publisherConfirmationsEnabled: true,
                    publisherConfirmationTrackingEnabled: true,
                    outstandingPublisherConfirmationsRateLimiter: new ThrottlingRateLimiter(OutstandingConfirms)),
                cancellation));
            return new RepairBroker(address, reading, sending, publisher!, time, confirmWithin ?? Timeout.InfiniteTimeSpan);
        }
        catch
        {
            await reading.DisposeAsync();
            await (sending?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw;
        }
    }

    public Task<IErrorQueue> OpenErrorQueueAsync(string queue, CancellationToken cancellation) =>
        ErrorQueue.OpenAsync(reading, queue, time, cancellation);

    public async Task SendAsync(OutgoingMessage message, CancellationToken cancellation)
    {
        try
        {
            await sending.GuardAsync(() => publisher.BasicPublishAsync(
                message.Exchange, message.RoutingKey, mandatory: true, message.Properties, message.Body, cancellation).AsTask()
                .WaitAsync(confirmWithin, time, CancellationToken.None));
        }
        catch (SchedulerBusException error) when (error.InnerException is PublishException { IsReturn: true })
        {
            throw new SchedulerBusException(BrokerFaults.NoWorkerEver, error);
        }
        catch (SchedulerBusException error) when (error.InnerException is TimeoutException)
        {
            throw new SchedulerBusException($"the broker at {address.Endpoint} did not confirm a message within {confirmWithin.TotalSeconds:0}s: it may have an alarm, or no majority", error);
        }
    }

    public Task ReadStreamAsync(string stream, DateTimeOffset? since, Func<StreamMessage, ValueTask> onMessage, CancellationToken cancellation) =>
        reading.GuardAsync(async () =>
        {
            var end = await MarkEndAsync(stream, cancellation);
            await using var channel = await reading.NewChannelAsync(null, cancellation);
            var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            channel.ChannelShutdownAsync += (_, reason) =>
            {
                read.TrySetException(reading.Lost(reason));
                return Task.CompletedTask;
            };
            var consumer = new AsyncEventingBasicConsumer(channel);
            consumer.ReceivedAsync += async (_, delivery) =>
            {
                if (read.Task.IsCompleted)
                {
                    return;
                }

                try
                {
                    if (JournalMessages.Header(delivery.BasicProperties, WorkerHeaders.CaughtUp) == end)
                    {
                        read.TrySetResult();
                        return;
                    }

                    await onMessage(new StreamMessage(
                        JournalMessages.ExchangeOf(delivery.Exchange, delivery.BasicProperties), delivery.BasicProperties, delivery.Body));
                    await channel.BasicAckAsync(delivery.DeliveryTag, multiple: false, cancellation);
                }
                catch (Exception error)
                {
                    // The client would swallow it.
                    read.TrySetException(error);
                }
            };
            await channel.BasicQosAsync(0, StreamPrefetch, global: false, cancellation);
            await channel.BasicConsumeAsync(
                stream,
                autoAck: false,
                consumerTag: "",
                noLocal: false,
                exclusive: false,
                new Dictionary<string, object?>
                {
                    ["x-stream-offset"] = BrokerJournal.Offset(since),
                },
                consumer,
                cancellation);
            await read.Task.WaitAsync(cancellation);
        });

    public Task<IReadOnlyDictionary<string, QueueState?>> StatesAsync(IReadOnlyList<string> queues, CancellationToken cancellation) =>
        new QueueCounts(reading).StatesOfAsync(queues, cancellation);

    public async Task<bool> IsAsync(IRepairBroker other, CancellationToken cancellation)
    {
        // A worker's user may make it, and no worker has such a name.
        var mark = Names.WorkerQueue($"mark-{Guid.NewGuid():N}");
        var seen = false;
        await reading.GuardAsync(async () =>
        {
            await using var channel = await reading.NewChannelAsync(null, cancellation);
            var expires = new Dictionary<string, object?> { ["x-expires"] = (long)MarkExpires.TotalMilliseconds };
            await channel.QueueDeclareAsync(mark, durable: true, exclusive: false, autoDelete: false, expires, cancellationToken: cancellation);
            seen = (await other.StatesAsync([mark], cancellation))[mark] is not null;
            await channel.QueueDeleteAsync(mark, cancellationToken: cancellation);
        });
        return seen;
    }

    public Task TakeAllAsync(string queue, Func<TakenMessage, Task> sendOn, CancellationToken cancellation) => reading.GuardAsync(async () =>
    {
        await using var channel = await reading.NewChannelAsync(null, cancellation);
        using var onTheWay = new Sending(TakenAtOnce);
        try
        {
            while (await channel.BasicGetAsync(queue, autoAck: false, cancellation) is { } got)
            {
                var message = new TakenMessage(got.Redelivered, got.BasicProperties, got.Body.ToArray());
                await onTheWay.BeginAsync(
                    async () =>
                    {
                        await sendOn(message);
                        await channel.BasicAckAsync(got.DeliveryTag, multiple: false, CancellationToken.None);
                    },
                    cancellation);
            }
        }
        finally
        {
            await onTheWay.EndAsync();
        }

        await onTheWay.ThrowIfBrokenAsync();
        await channel.QueueDeclarePassiveAsync(queue, cancellation);
        await Task.Delay(AcksSettleWithin, time, cancellation);
        await channel.QueueDeclarePassiveAsync(queue, cancellation);
    });

    public async Task<IReadOnlyList<RunnerStatus>> AskStatusAsync(CancellationToken cancellation)
    {
        await using var control = await ClientControl.OpenAsync(address, cancellation);
        return (await control.AskStatusAsync(new GetRunnerStatus(), cancellation))?.Runners ?? [];
    }

    public async ValueTask DisposeAsync()
    {
        await reading.DisposeAsync();
        await sending.DisposeAsync();
    }

    /// <summary>Puts a mark to the end of a stream; an empty one has an end then, too.</summary>
    private async Task<string> MarkEndAsync(string stream, CancellationToken cancellation)
    {
        var mark = Guid.NewGuid().ToString("N");
        await SendAsync(
            new OutgoingMessage(
                "", stream, new BasicProperties { Headers = new Dictionary<string, object?> { [WorkerHeaders.CaughtUp] = mark } }, "{}"u8.ToArray()),
            cancellation);
        return mark;
    }
}
