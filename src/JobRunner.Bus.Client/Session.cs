using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

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
    private readonly ResultBook _book;
    private readonly JobRunnerClientOptions _options;
    private volatile bool _isBlocked;

    private Session(IConnection connection, IChannel commands, IChannel results, ResultBook book, JobRunnerClientOptions options)
    {
        _book = book;
        _options = options;
        _connection = connection;
        _commands = commands;
        _results = results;
        connection.ConnectionShutdownAsync += OnShutdownAsync;
        connection.ConnectionBlockedAsync += (_, _) => BlockAsync(true);
        connection.ConnectionUnblockedAsync += (_, _) => BlockAsync(false);
        commands.ChannelShutdownAsync += OnShutdownAsync;
        results.ChannelShutdownAsync += OnShutdownAsync;
    }

    /// <summary>Completes when the connection or one of its channels is lost, with the reason.</summary>
    public Task<string> Lost => _lost.Task;

    /// <summary>Whether it can be used, as far as is known.</summary>
    public bool IsOpen => !_lost.Task.IsCompleted;

    /// <summary>Connects, declares and binds the queue of results, and starts to read it.</summary>
    /// <param name="address">The broker.</param>
    /// <param name="options">What is received, and how.</param>
    /// <param name="queue">The queue of results.</param>
    /// <param name="book">Where results go.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Session> OpenAsync(
        BrokerAddress address, JobRunnerClientOptions options, string queue, ResultBook book, CancellationToken cancellationToken)
    {
        var connection = await address.ConnectAsync(options.ClientName, options.ConfigureConnection, cancellationToken);
        try
        {
            var commands = await connection.CreateChannelAsync(
                new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellationToken);
            var results = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            var session = new Session(connection, commands, results, book, options);
            string[] received = [.. options.ReceivesResults ? [Exchanges.JobFinished] : (string[])[], .. options.ReceivesLogs ? [Exchanges.JobLogRecorded] : (string[])[]];
            foreach (var exchange in (string[])[Exchanges.RunJob, Exchanges.StopJob, Exchanges.GetRunnerStatus, .. received])
            {
                await results.ExchangeDeclarePassiveAsync(exchange, cancellationToken);
            }

            if (received.Length > 0)
            {
                await session.ReceiveAsync(queue, Arguments(options), received, cancellationToken);
            }

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
    /// <exception cref="IOException">The connection was lost, or the broker said nothing: it may have the command.</exception>
    public async Task PublishAsync<T>(string exchange, T message, BasicProperties properties, CancellationToken cancellationToken)
    {
        try
        {
            await ConfirmedAsync(
                _commands.BasicPublishAsync(exchange, routingKey: "", mandatory: true, properties, Wire.Serialize(message), cancellationToken), cancellationToken);
        }
        catch (Exception error) when (error is TimeoutException or PublishException { IsReturn: false })
        {
            // A channel that met a queue as its leader died can refuse all that is for it, or lose it without a word (RabbitMQ 3.10).
            await LoseAsync(error.Message);
            throw;
        }
    }

    /// <summary>Waits for the broker's word on a message, but not for ever.</summary>
    /// <exception cref="IOException">The connection was lost.</exception>
    /// <exception cref="TimeoutException">There was no word in time.</exception>
    public async Task ConfirmedAsync(ValueTask publishing, CancellationToken cancellationToken)
    {
        // The client can wait for a confirm for ever when the channel closes under it (rabbitmq-dotnet-client issue 1930).
        var confirmed = publishing.AsTask();
        while (true)
        {
            try
            {
                if (await Task.WhenAny(confirmed, Lost).WaitAsync(_options.ConfirmTimeout, _options.Time, cancellationToken) == confirmed)
                {
                    await confirmed;
                    return;
                }

                throw new IOException($"the connection was lost: {await Lost}");
            }
            catch (TimeoutException) when (_isBlocked)
            {
                // It has yet to read it.
            }
            catch (TimeoutException)
            {
                throw new TimeoutException($"no word from the broker for {_options.ConfirmTimeout.TotalSeconds:0} s");
            }
        }
    }

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

    private static Dictionary<string, object?> Arguments(JobRunnerClientOptions options)
    {
        Dictionary<string, object?> arguments = new()
        {
            ["x-queue-type"] = "quorum",
            // RabbitMQ 4 drops a message after 20 deliveries unless told otherwise.
            ["x-delivery-limit"] = 1_000_000,
        };
        if (options.ResultQueue is null)
        {
            arguments["x-expires"] = (long)options.OwnQueueExpires.TotalMilliseconds;
        }

        return arguments;
    }

    private async Task ReceiveAsync(
        string queue, Dictionary<string, object?> arguments, IReadOnlyList<string> exchanges, CancellationToken cancellationToken)
    {
        await _results.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        foreach (var exchange in exchanges)
        {
            await _results.QueueBindAsync(queue, exchange, routingKey: "", cancellationToken: cancellationToken);
        }

        await _results.BasicQosAsync(0, Prefetch, global: false, cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(_results);
        consumer.ReceivedAsync += (_, delivery) => TakeAsync(delivery);
        // Cancelled by the broker: the queue was deleted, or its node is gone.
        consumer.UnregisteredAsync += (_, _) => LoseAsync("the broker cancelled the consumer of the result queue");
        await _results.BasicConsumeAsync(queue, autoAck: false, consumer, cancellationToken);
    }

    private async Task TakeAsync(BasicDeliverEventArgs delivery)
    {
        var tag = delivery.DeliveryTag;
        try
        {
            if (delivery.Exchange != Exchanges.JobLogRecorded)
            {
                var result = Wire.Deserialize<JobFinished>(delivery.Body.Span);
                _options.Observer?.OnResult(result);
                _book.Add(result, () => _ = SettleAsync(tag));
                return;
            }

            _options.Observer?.OnLog(Wire.Deserialize<JobLogRecorded>(delivery.Body.Span));
        }
        catch (WireFormatException)
        {
            // Not of this contract: whoever published it here, it is no result and no log.
        }

        await SettleAsync(tag);
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

    private Task BlockAsync(bool isBlocked)
    {
        _isBlocked = isBlocked;
        return Task.CompletedTask;
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason) => LoseAsync(reason.ReplyText);

    private Task LoseAsync(string reason)
    {
        _lost.TrySetResult(reason);
        return Task.CompletedTask;
    }
}
