using JobRunner.Bus.Contracts;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Client;

/// <summary>One connection, from its opening to its loss: commands with publisher confirms, and the results of a queue.</summary>
internal sealed class Session : IAsyncDisposable
{
    // Unclaimed results are held unacknowledged: there must be room for those that are waited for.
    private const ushort Prefetch = 20_000;

    private readonly IConnection _connection;
    private readonly IChannel _commands;
    private readonly IChannel _results;
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Session(IConnection connection, IChannel commands, IChannel results)
    {
        _connection = connection;
        _commands = commands;
        _results = results;
        connection.ConnectionShutdownAsync += OnShutdownAsync;
        commands.ChannelShutdownAsync += OnShutdownAsync;
        results.ChannelShutdownAsync += OnShutdownAsync;
    }

    /// <summary>Completes when the connection or one of its channels is lost, with the reason.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>Whether it can be used, as far as is known.</summary>
    public bool IsOpen => !_lost.Task.IsCompleted;

    /// <summary>Connects, declares and binds the queue of results, and starts to read it.</summary>
    public static async Task<Session> OpenAsync(
        IConnectionFactory factory, string queue, IDictionary<string, object?> arguments, ResultBook book, CancellationToken cancellationToken)
    {
        var connection = await factory.CreateConnectionAsync(cancellationToken);
        try
        {
            var commands = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
            var results = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            foreach (var exchange in new[] { Exchanges.RunJob, Exchanges.StopJob, Exchanges.GetRunnerStatus, Exchanges.JobFinished })
            {
                await results.ExchangeDeclarePassiveAsync(exchange, cancellationToken);
            }

            await results.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
            await results.QueueBindAsync(queue, Exchanges.JobFinished, routingKey: "", cancellationToken: cancellationToken);
            await results.BasicQosAsync(0, Prefetch, global: false, cancellationToken);
            var session = new Session(connection, commands, results);
            var consumer = new AsyncEventingBasicConsumer(results);
            consumer.ReceivedAsync += (_, delivery) => session.TakeAsync(delivery, book);
            // Cancelled by the broker: the queue was deleted, or its node is gone.
            consumer.UnregisteredAsync += (_, _) => session.LoseAsync("the broker cancelled the consumer of the result queue");
            await results.BasicConsumeAsync(queue, autoAck: false, consumer, cancellationToken);
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Publishes a command and waits until the broker has it safely.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.PublishException">No queue took it, or the broker could not keep it.</exception>
    public ValueTask PublishAsync<T>(string exchange, T message, BasicProperties properties, CancellationToken cancellationToken) =>
        _commands.BasicPublishAsync(exchange, routingKey: "", mandatory: true, properties, Wire.Serialize(message), cancellationToken);

    /// <summary>A channel for one question and its answers.</summary>
    public Task<IChannel> NewChannelAsync(CancellationToken cancellationToken) => _connection.CreateChannelAsync(
        new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);

    /// <summary>Deletes the queue of results.</summary>
    public Task DeleteQueueAsync(string queue) => _results.QueueDeleteAsync(queue);

    public async ValueTask DisposeAsync()
    {
        _lost.TrySetResult("closed");
        try
        {
            await _connection.DisposeAsync();
        }
        catch (Exception error) when (BrokerFaults.IsBrokers(error))
        {
            // Going anyway.
        }
    }

    private async Task TakeAsync(BasicDeliverEventArgs delivery, ResultBook book)
    {
        var tag = delivery.DeliveryTag;
        JobFinished result;
        try
        {
            result = Wire.Deserialize<JobFinished>(delivery.Body.Span);
        }
        catch (WireFormatException)
        {
            // Not of this contract: whoever published it here, it is no result.
            await SettleAsync(tag);
            return;
        }

        book.Add(result, () => _ = SettleAsync(tag));
    }

    private async Task SettleAsync(ulong tag)
    {
        try
        {
            await _results.BasicAckAsync(tag, multiple: false);
        }
        catch (Exception error) when (BrokerFaults.IsBrokers(error))
        {
            // The connection is gone: the result comes again, and is passed over or let go then.
        }
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason) => LoseAsync(reason.ReplyText);

    private Task LoseAsync(string reason)
    {
        _lost.TrySetResult(reason);
        return Task.CompletedTask;
    }
}
