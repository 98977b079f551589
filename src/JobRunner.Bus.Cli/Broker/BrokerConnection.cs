using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>
/// One connection and one channel with publisher confirms. Declares nothing but queues of its own that vanish with it.
/// Everything it throws is a <see cref="SchedulerBusException"/>, but for cancellation.
/// </summary>
internal sealed class BrokerConnection : IAsyncDisposable
{
    private readonly BrokerAddress _address;
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private BrokerConnection(BrokerAddress address, IConnection connection, IChannel channel)
    {
        _address = address;
        _connection = connection;
        _channel = channel;
    }

    /// <summary>Connects.</summary>
    public static async Task<BrokerConnection> OpenAsync(BrokerAddress address, string clientName, CancellationToken cancellation)
    {
        IConnection? connection = null;
        try
        {
            connection = await address.NewFactory(clientName).CreateConnectionAsync(cancellation);
            var options = new CreateChannelOptions(
                publisherConfirmationsEnabled: true,
                publisherConfirmationTrackingEnabled: true);
            return new BrokerConnection(address, connection, await connection.CreateChannelAsync(options, cancellation));
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested && (BrokerErrors.IsBrokers(error) || error is OperationCanceledException))
        {
            if (connection is not null)
            {
                await connection.DisposeAsync();
            }

            throw BrokerErrors.Explain(error, address);
        }
    }

    /// <summary>Checks that a worker has declared the exchanges.</summary>
    public Task RequireExchangesAsync(IEnumerable<string> exchanges, CancellationToken cancellation) => GuardAsync(async () =>
    {
        foreach (var exchange in exchanges)
        {
            await _channel.ExchangeDeclarePassiveAsync(exchange, cancellation);
        }
    });

    /// <summary>Publishes a message and waits until the broker has it safely.</summary>
    /// <returns><see langword="false"/> if no queue took it.</returns>
    public async Task<bool> PublishAsync<T>(
        string exchange,
        T message,
        string? replyTo,
        string? correlationId,
        DateTimeOffset sentAt,
        CancellationToken cancellation)
        where T : class
    {
        var properties = new BasicProperties
        {
            ContentType = Wire.ContentType,
            DeliveryMode = DeliveryModes.Persistent,
            Timestamp = new AmqpTimestamp(sentAt.ToUnixTimeSeconds()),
        };
        if (replyTo is not null)
        {
            properties.ReplyTo = replyTo;
            properties.CorrelationId = correlationId;
        }

        try
        {
            await GuardAsync(() => _channel.BasicPublishAsync(
                exchange, routingKey: "", mandatory: true, properties, Wire.Serialize(message), cancellation).AsTask());
            return true;
        }
        catch (SchedulerBusException error) when (error.InnerException is PublishException { IsReturn: true })
        {
            return false;
        }
    }

    /// <summary>
    /// Declares a queue of this connection's own, bound to the exchanges, and reads it until it is disposed of. Its items
    /// are completed with an error when the connection is lost.
    /// </summary>
    /// <param name="exchanges">Exchanges to bind it to; none for replies.</param>
    /// <param name="read">Makes an item of a message; <see langword="null"/> to leave it out.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<BrokerInbox<TItem>> ListenAsync<TItem>(
        IReadOnlyList<string> exchanges,
        Func<BasicDeliverEventArgs, TItem?> read,
        CancellationToken cancellation)
        where TItem : class
    {
        BrokerInbox<TItem>? inbox = null;
        await GuardAsync(async () => inbox = await BrokerInbox<TItem>.OpenAsync(_channel, exchanges, read, _address, cancellation));
        return inbox!;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _channel.DisposeAsync();
            await _connection.DisposeAsync();
        }
        catch (Exception error) when (BrokerErrors.IsBrokers(error))
        {
            // Going anyway; the broker notices by itself.
        }
    }

    /// <summary>Opens a channel of its own, which goes with the connection. What it throws is not explained: see <see cref="GuardAsync"/>.</summary>
    public Task<IChannel> NewChannelAsync(CreateChannelOptions? options, CancellationToken cancellation) =>
        _connection.CreateChannelAsync(options, cancellation);

    /// <summary>What is known of the broker, for messages.</summary>
    public BrokerAddress Address => _address;

    /// <summary>Runs an action; what the broker has against it becomes a <see cref="SchedulerBusException"/>.</summary>
    public async Task GuardAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception error) when (BrokerErrors.IsBrokers(error))
        {
            throw BrokerErrors.Explain(error, _address);
        }
    }
}
