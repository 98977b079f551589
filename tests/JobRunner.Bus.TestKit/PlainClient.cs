using System.Collections.Concurrent;
using System.Text;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.TestKit;

/// <summary>A message as a plain AMQP client sees it.</summary>
/// <param name="Body">The body as text.</param>
/// <param name="Properties">AMQP properties, headers in them.</param>
public sealed record PlainMessage(string Body, IReadOnlyBasicProperties Properties)
{
    /// <summary>A header as text; empty when it is not there.</summary>
    public string Header(string name) =>
        Properties.Headers is { } headers && headers.TryGetValue(name, out var value)
            ? value is byte[] bytes ? Encoding.UTF8.GetString(bytes) : value?.ToString() ?? ""
            : "";
}

/// <summary>What any AMQP client can do, on RabbitMQ.Client alone: no MassTransit, none of our own code.</summary>
public sealed class PlainClient : IAsyncDisposable
{
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private PlainClient(IConnection connection, IChannel channel)
    {
        _connection = connection;
        _channel = channel;
    }

    /// <summary>The channel, for what has no method here.</summary>
    public IChannel Channel => _channel;

    /// <summary>Connects.</summary>
    public static async Task<PlainClient> ConnectAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        return new PlainClient(connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true)));
    }

    /// <summary>Publishes a body as it is.</summary>
    public Task SendAsync(string exchange, string body, BasicProperties? properties = null) =>
        SendAsync(exchange, Encoding.UTF8.GetBytes(body), properties);

    /// <summary>Publishes bytes as they are.</summary>
    public async Task SendAsync(string exchange, ReadOnlyMemory<byte> body, BasicProperties? properties = null) =>
        await _channel.BasicPublishAsync(exchange, "", mandatory: true, properties ?? new BasicProperties(), body);

    /// <summary>Collects what arrives at an exchange from now on.</summary>
    public async Task<ConcurrentQueue<PlainMessage>> ListenAsync(string exchange)
    {
        var queue = await _channel.QueueDeclareAsync();
        await _channel.QueueBindAsync(queue.QueueName, exchange, "");
        return await ConsumeAsync(queue.QueueName);
    }

    /// <summary>Collects what arrives in a queue, acknowledging it.</summary>
    public async Task<ConcurrentQueue<PlainMessage>> ConsumeAsync(string queue)
    {
        var messages = new ConcurrentQueue<PlainMessage>();
        var consumer = new AsyncEventingBasicConsumer(_channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            messages.Enqueue(new PlainMessage(
                Encoding.UTF8.GetString(delivery.Body.Span), new BasicProperties(delivery.BasicProperties)));
            return Task.CompletedTask;
        };
        await _channel.BasicConsumeAsync(queue, autoAck: true, consumer);
        return messages;
    }

    /// <summary>Takes one message out of a queue; none when it is empty.</summary>
    public async Task<PlainMessage?> GetAsync(string queue) =>
        await _channel.BasicGetAsync(queue, autoAck: true) is { } got
            ? new PlainMessage(Encoding.UTF8.GetString(got.Body.Span), new BasicProperties(got.BasicProperties))
            : null;

    /// <summary>How many messages of a queue are ready.</summary>
    public async Task<uint> CountAsync(string queue) => (await _channel.QueueDeclarePassiveAsync(queue)).MessageCount;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
