using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Client;

/// <summary>One connection, from its opening to its loss: commands with publisher confirms, and the results of a queue.</summary>
internal sealed class Session : IAsyncDisposable
{
    // Unclaimed results are held unacknowledged: there must be room for those that are waited for.
    private const ushort Prefetch = 20_000;

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(100);

    private const string CommandSentAt = "jobrunner-command-sent-at";

    private readonly IConnection _connection;
    private readonly BrokerAlarm _alarm;
    private readonly ConfirmedChannel _commands;
    private readonly IChannel _results;
    private readonly TaskCompletionSource<string> _lost = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ResultBook _book;
    private readonly JobRunnerClientOptions _options;

    private Session(IConnection connection, BrokerAlarm alarm, ConfirmedChannel commands, IChannel results, ResultBook book, JobRunnerClientOptions options)
    {
        (_connection, _alarm, _commands, _results, _book, _options) = (connection, alarm, commands, results, book, options);
        connection.ConnectionShutdownAsync += OnShutdownAsync;
        results.ChannelShutdownAsync += OnShutdownAsync;
        _ = LoseWithAsync(commands);
    }

    private TimeSpan LongestAlarm => _options.ReconnectTimeout > BetweenLooks ? _options.ReconnectTimeout : BetweenLooks;

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
            var alarm = new BrokerAlarm(connection, options.Time, options.TellAlarm);
            var commands = await ConfirmedChannel.OpenAsync(connection, alarm, new ConfirmPatience(options.ConfirmTimeout), options.Time, cancellationToken);
            var results = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            var session = new Session(connection, alarm, commands, results, book, options);
            string[] received = [.. options.ReceivesResults ? [Exchanges.JobFinished] : (string[])[], .. options.ReceivesLogs ? [Exchanges.JobLogRecorded] : (string[])[]];
            foreach (var exchange in (string[])[Exchanges.RunJob, Exchanges.StopJob, Exchanges.GetRunnerStatus, .. received])
            {
                await results.ExchangeDeclarePassiveAsync(exchange, cancellationToken);
            }

            // A broker that starts takes connections before it has its streams.
            await results.QueueDeclarePassiveAsync(Exchanges.StopJob, cancellationToken);
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

    /// <summary>Publishes a command and waits until the broker has it safely, in the workers' queue or stream of the exchange's name.</summary>
    /// <exception cref="MessageReturnedException">No queue took it.</exception>
    /// <exception cref="IOException">The connection was lost, or the broker has an alarm: it may have the command.</exception>
    /// <exception cref="TimeoutException">The broker said nothing: it may have the command.</exception>
    public Task PublishAsync<T>(string exchange, T message, BasicProperties properties, CancellationToken cancellationToken) => SendAsync(
        _commands, new Publication(exchange, "", properties, Wire.Serialize(message), mandatory: true, cancellationToken) { Keeper = exchange }, cancellationToken);

    /// <summary>Sends a message on a channel of this session and waits for the broker's word; not for ever, and in an alarm neither.</summary>
    public async Task SendAsync(ConfirmedChannel channel, Publication message, CancellationToken cancellationToken)
    {
        _ = channel.SendAsync(message).AsTask();
        while (true)
        {
            try
            {
                await message.Task.WaitAsync(LongestAlarm, _options.Time, cancellationToken);
                return;
            }
            catch (TimeoutException) when (!message.IsOver && _alarm.Reason is { } reason)
            {
                throw new BrokerAlarmException(reason);
            }
            catch (TimeoutException) when (!message.IsOver)
            {
                // The channel itself gives it up when there is no word.
            }
        }
    }

    /// <summary>A channel for one question and its answers. A broker that reads nothing would not open it: waits for the end of an alarm, but not for ever.</summary>
    /// <exception cref="BrokerAlarmException">The alarm did not end in time.</exception>
    public async Task<ConfirmedChannel> NewChannelAsync(CancellationToken cancellationToken)
    {
        var since = _options.Time.GetTimestamp();
        while (_alarm.Reason is { } reason)
        {
            if (_options.Time.GetElapsedTime(since) >= LongestAlarm)
            {
                throw new BrokerAlarmException(reason);
            }

            await Task.Delay(BetweenLooks, _options.Time, cancellationToken);
        }

        return await ConfirmedChannel.OpenAsync(_connection, _alarm, new ConfirmPatience(_options.ConfirmTimeout), _options.Time, cancellationToken);
    }

    /// <summary>Deletes the queue of results; one that the broker reads nothing of now expires by itself.</summary>
    public Task DeleteQueueAsync(string queue) => _alarm.Reason is null ? _results.QueueDeleteAsync(queue) : Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _lost.TrySetResult("closed");
        await _commands.DisposeAsync();
        try
        {
            if (_alarm.Reason is not null)
            {
                // The broker would not read that it is to be closed.
                await _connection.AbortAsync(TimeToEnd);
            }

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
                _options.Tell(observer => observer.OnResult(result));
                _book.Add(result, SentAt(delivery.BasicProperties), () => _ = SettleAsync(tag));
                return;
            }

            var log = Wire.Deserialize<JobLogRecorded>(delivery.Body.Span);
            _options.Tell(observer => observer.OnLog(log));
        }
        catch (WireFormatException)
        {
            // Not of this contract: whoever published it here, it is no result and no log.
        }

        await SettleAsync(tag);
    }

    /// <summary>When the command was sent whose result this is; workers say it.</summary>
    private static DateTimeOffset? SentAt(IReadOnlyBasicProperties properties) =>
        long.TryParse(HeaderText.Of(properties, CommandSentAt), NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTimeOffset.MaxValue.UtcTicks
            ? new DateTimeOffset(ticks, TimeSpan.Zero)
            : null;

    private async Task SettleAsync(ulong tag)
    {
        try
        {
            await _results.BasicAckAsync(tag, multiple: false);
        }
        catch (Exception error) when (BrokerFaults.IsBrokers(error))
        {
            // The connection is gone: the result comes again, and is handed over or dropped then.
        }
    }

    private async Task LoseWithAsync(ConfirmedChannel channel) => _lost.TrySetResult((await channel.Over).Message);

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason) => LoseAsync(reason.ReplyText);

    private Task LoseAsync(string reason)
    {
        _lost.TrySetResult(reason);
        return Task.CompletedTask;
    }
}
