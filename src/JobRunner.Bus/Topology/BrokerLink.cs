using JobRunner.Bus.Hosting;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Topology;

/// <summary>
/// A connection of our own beside MassTransit's: for what it has no words for, such as wait queues made on demand and
/// answers to plain AMQP reply-to addresses. One channel with publisher confirms, reopened when it was lost.
/// </summary>
internal sealed class BrokerLink(
    IOptions<RabbitMqOptions> options, IOptions<WorkerOptions> holder, WorkerName worker, BlockedWatch blocked, TimeProvider time, ILogger<BrokerLink> logger)
    : IAsyncDisposable
{
    // Beyond half of it the client slows publishers down (its throttling rate limiter).
    private const int OutstandingConfirms = 2048;

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _opening = new(1, 1);
    private OpenConnection? _connection;
    private OpenChannel? _channel;

    /// <summary>How long the broker's word is waited for.</summary>
    public ConfirmPatience Patience { get; init; } = new();

    /// <summary>Publishes one message and returns once the broker has accepted it.</summary>
    /// <exception cref="Exception">The broker could not be reached or did not accept it; the message may have arrived.</exception>
    public async Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool mandatory, CancellationToken cancellationToken)
    {
        var current = await ChannelAsync(cancellationToken);
        using var open = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, current.Closed);
        try
        {
            var publishing = current.Channel.BasicPublishAsync(exchange, routingKey, mandatory, properties, body, open.Token).AsTask();
            await ConfirmedAsync(publishing, current.Connection, open.Token);
        }
        catch (Exception error) when (error is TimeoutException or PublishException { IsReturn: false })
        {
            // A channel that met a queue or stream as its leader died can refuse all that is for it, or lose it without a word (RabbitMQ 3.10).
            current.IsSpent = true;
            throw;
        }
    }

    private async Task ConfirmedAsync(Task publishing, OpenConnection connection, CancellationToken cancellationToken)
    {
        while (true)
        {
            var patience = Patience.Now;
            try
            {
                // The client can wait for a confirm for ever when the channel closes under it (rabbitmq-dotnet-client issue 1930).
                await publishing.WaitAsync(patience, time, cancellationToken);
                Patience.Rewarded();
                return;
            }
            catch (TimeoutException) when (connection.IsBlocked)
            {
                // It has yet to read it.
            }
            catch (TimeoutException)
            {
                Patience.Tried();
                throw new TimeoutException($"no word from it for {patience}");
            }
        }
    }

    /// <summary>Works on a channel of its own, so that a refusal (which closes it) hurts nobody else.</summary>
    public Task UseAsync(Func<IChannel, Task> work, CancellationToken cancellationToken) =>
        UseAsync((channel, _) => work(channel), cancellationToken);

    /// <summary>
    /// Works on a channel of its own. The token given to the work fires when the connection is lost, too: the client tells
    /// nobody of a loss as long as a consumer waits for it.
    /// </summary>
    public async Task UseAsync(Func<IChannel, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var (connection, closed) = await ConnectionAsync(cancellationToken);
        using var open = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closed);
        var channel = await connection.CreateChannelAsync(cancellationToken: open.Token);
        try
        {
            await work(channel, open.Token);
        }
        finally
        {
            var letGo = LetGoAsync(channel);
            if (!closed.IsCancellationRequested)
            {
                await letGo.WaitAsync(closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Opens a connection for a purpose that needs its own. It does not recover by itself.</summary>
    public async Task<IConnection> OpenAsync(string purpose, CancellationToken cancellationToken)
    {
        var factory = NewFactory($"jobrunner {worker} ({purpose})");
        var connection = await factory.CreateConnectionAsync(BrokerNodes.ToConnectTo(options.Value), factory.ClientProvidedName, cancellationToken);
        blocked.Watch(connection);
        BrokerLog.LinkOpened(logger, connection.Endpoint.HostName, connection.Endpoint.Port);
        return connection;
    }

    /// <summary>Whether its settings name more than one node.</summary>
    public bool IsCluster => BrokerNodes.Of(options.Value).Count > 1;

    /// <summary>What connects to the broker: connections do not recover by themselves.</summary>
    public ConnectionFactory NewFactory(string clientName)
    {
        var factory = BrokerClient.NewFactory(options.Value, clientName);
        factory.RequestedHeartbeat = Heartbeats.For(holder.Value.Lease);
        return factory;
    }

    private async Task<OpenChannel> ChannelAsync(CancellationToken cancellationToken)
    {
        if (_channel is { IsUsable: true } open)
        {
            return open;
        }

        var connection = await ConnectionAsync(cancellationToken);
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_channel is not { IsUsable: true })
            {
                _ = LetGoLaterAsync(_channel);
                var channel = await connection.Connection.CreateChannelAsync(
                    new CreateChannelOptions(
                        publisherConfirmationsEnabled: true,
                        publisherConfirmationTrackingEnabled: true,
                        outstandingPublisherConfirmationsRateLimiter: new ThrottlingRateLimiter(OutstandingConfirms)),
                    cancellationToken);
                var closed = CancellationTokenSource.CreateLinkedTokenSource(connection.Closed);
                channel.ChannelShutdownAsync += (_, _) => closed.CancelAsync();
                if (!channel.IsOpen)
                {
                    await closed.CancelAsync();
                }

                _channel = new OpenChannel(channel, connection, closed.Token);
            }

            return _channel;
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<OpenConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_connection is not { Connection.IsOpen: true })
            {
                _ = LetGoAsync(_connection?.Connection);
                var connection = await OpenAsync("topology, waits, answers", cancellationToken);
                var closed = new CancellationTokenSource();
                // Before there is a channel: those are told one after another, and the first that hangs holds up the rest.
                connection.ConnectionShutdownAsync += (_, _) =>
                {
                    _ = closed.CancelAsync();
                    return Task.CompletedTask;
                };
                if (!connection.IsOpen)
                {
                    await closed.CancelAsync();
                }

                var opened = new OpenConnection(connection, closed.Token);
                connection.ConnectionBlockedAsync += (_, _) =>
                {
                    opened.IsBlocked = true;
                    return Task.CompletedTask;
                };
                connection.ConnectionUnblockedAsync += (_, _) =>
                {
                    opened.IsBlocked = false;
                    return Task.CompletedTask;
                };
                _connection = opened;
            }

            return _connection;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>Leaves those who still wait for the broker's word on it the time to hear it.</summary>
    private async Task LetGoLaterAsync(OpenChannel? old)
    {
        if (old is { IsSpent: true })
        {
            await Task.Delay(TimeToEnd, time);
        }

        await LetGoAsync(old?.Channel);
    }

    /// <summary>Ends what may be dead; nobody should wait for that for ever, and its errors help nobody.</summary>
    private static async Task LetGoAsync(IAsyncDisposable? old)
    {
        if (old is not null)
        {
            await Task.Run(() => old.DisposeAsync().AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        var ended = Task.Run(async () =>
        {
            await LetGoAsync(_channel?.Channel);
            await LetGoAsync(_connection?.Connection);
        });
        await ended.WaitAsync(TimeToEnd, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _opening.Dispose();
    }

    private sealed record OpenConnection(IConnection Connection, CancellationToken Closed)
    {
        /// <summary>The broker reads nothing here, for want of memory or disk space.</summary>
        public volatile bool IsBlocked;
    }

    private sealed record OpenChannel(IChannel Channel, OpenConnection Connection, CancellationToken Closed)
    {
        /// <summary>The broker refused a message here, or said nothing: the next one goes out on another channel.</summary>
        public volatile bool IsSpent;

        public bool IsUsable => Channel.IsOpen && !Closed.IsCancellationRequested && !IsSpent;
    }
}
