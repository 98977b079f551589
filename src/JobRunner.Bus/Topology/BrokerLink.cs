using System.Collections.Concurrent;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Topology;

/// <summary>
/// A worker's own connections beside MassTransit's, reopened when they are lost: one that publishes what runs leave, one that publishes
/// all else, and one for what is asked of the broker, which an alarm does not hold up.
/// </summary>
internal sealed class BrokerLink : IAsyncDisposable
{
    private const ushort NotFound = 404;

    private static readonly TimeSpan TimeToEnd = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan WhileStarting = TimeSpan.FromMilliseconds(100);

    // Not looked at before they are validated, which is when the host starts.
    private readonly IOptions<RabbitMqOptions> _options;
    private readonly IOptions<WorkerOptions> _holder;
    private readonly Lazy<BrokerAddress> _address;
    private readonly WorkerName _worker;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly Lazy<BrokerPublisher> _runs;
    // Workers must answer each other about leases while a queue of runs is out of service, and holds its channel up.
    private readonly Lazy<BrokerPublisher> _talk;
    private OpenConnection? _connection;
    private bool _hasAlarm;

    public BrokerLink(IOptions<RabbitMqOptions> options, IOptions<WorkerOptions> holder, WorkerName worker, TimeProvider time, ILogger<BrokerLink> logger)
    {
        (_options, _holder, _worker, _time, _logger) = (options, holder, worker, time, logger);
        _address = new(() => new BrokerAddress(options.Value));
        _runs = new(() => NewPublisher("logs, ends, waiting runs", static _ => { }));
        _talk = new(() => NewPublisher("talk, answers, notes", TellAlarm));
    }

    /// <summary>How long the broker's word is waited for.</summary>
    public ConfirmPatience Patience { get; init; } = new();

    /// <summary>Told why the broker reads nothing that is published here, and <see langword="null"/> when it does again.</summary>
    public event Action<string?>? AlarmChanged;

    /// <summary>Queues, by name, that were made when they were needed: each publisher's connection has them again before it is used.</summary>
    public ConcurrentDictionary<string, QueuePart> Made { get; } = new(StringComparer.Ordinal);

    /// <summary>Where the broker is, and who asks.</summary>
    public BrokerAddress Address => _address.Value;

    /// <summary>Whether its settings name more than one node.</summary>
    public bool IsCluster => BrokerNodes.Of(_options.Value).Count > 1;

    /// <summary>Publishes one message and returns once the broker has accepted it.</summary>
    /// <exception cref="MessageTooLargeException">The broker takes no message of this size.</exception>
    /// <exception cref="Exception">The broker could not be reached or did not accept it; the message may have arrived.</exception>
    public Task PublishAsync(
        string exchange, string routingKey, BasicProperties properties, ReadOnlyMemory<byte> body, bool mandatory, CancellationToken cancellationToken) =>
        SendAsync(_talk.Value, new Publication(exchange, routingKey, properties, body, mandatory, cancellationToken));

    /// <summary>Publishes what a run leaves, and returns once the broker has accepted it.</summary>
    /// <inheritdoc cref="PublishAsync(string, string, BasicProperties, ReadOnlyMemory{byte}, bool, CancellationToken)" path="/exception"/>
    public Task PublishAsync(Publication message) => SendAsync(_runs.Value, message);

    /// <summary>Publishes what a run leaves, messages behind each other: the second leaves only if the first did. Their tasks tell the broker's word.</summary>
    public void Send(Publication first, Publication? second) => _runs.Value.Send(first, second);

    private static Task SendAsync(BrokerPublisher publisher, Publication message)
    {
        publisher.Send(message);
        return message.Task;
    }

    private BrokerPublisher NewPublisher(string purpose, Action<string?> alarm) =>
        new(token => OpenAsync(purpose, token), (connection, token) => RestoreAsync(connection, TimeToStart, token), alarm, Patience.Anew(), _time);

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
            var disposal = DisposeOfAsync(channel);
            if (!closed.IsCancellationRequested)
            {
                await disposal.WaitAsync(closed).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Opens a connection for a purpose that needs its own. It does not recover by itself.</summary>
    /// <exception cref="IOException">A file of a secret cannot be read; the message names the setting.</exception>
    public async Task<IConnection> OpenAsync(string purpose, CancellationToken cancellationToken)
    {
        var current = RabbitMqSecrets.Current(_options.Value);
        var factory = BrokerClient.NewFactory(current, $"jobrunner {_worker} ({purpose})");
        factory.RequestedHeartbeat = Heartbeats.For(_holder.Value.Lease);
        var connection = await factory.CreateConnectionAsync(BrokerNodes.ToConnectTo(current), factory.ClientProvidedName, cancellationToken);
        BrokerLog.LinkOpened(_logger, connection.Endpoint.HostName, connection.Endpoint.Port);
        return connection;
    }

    private async Task<OpenConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken);
        try
        {
            if (_connection is not { Connection.IsOpen: true })
            {
                _ = DisposeOfAsync(_connection?.Connection);
                var connection = await OpenAsync("topology, look-ups", cancellationToken);
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

                _connection = new OpenConnection(connection, closed.Token);
            }

            return _connection;
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <summary>What was lost may have been a broker that came back without data, or one that is still starting: waits until it has all that is needed.</summary>
    /// <exception cref="OperationCanceledException">It did not within this patience.</exception>
    public async Task RestoreAsync(IConnection connection, TimeSpan within, CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(within);
        for (var told = false; await IsStartingAsync(connection, told, patience.Token); told = true)
        {
            await Task.Delay(WhileStarting, _time, patience.Token);
        }
    }

    /// <summary>
    /// RabbitMQ takes connections before its streams are there (404): what is published then goes to the other queues of its exchange
    /// only, and is confirmed. What cannot be declared for another reason is the watch's to tell.
    /// </summary>
    private async Task<bool> IsStartingAsync(IConnection connection, bool told, CancellationToken cancellationToken)
    {
        var isStarting = false;
        var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            await BrokerTopology.DeclareAsync(channel, _holder.Value, cancellationToken);
            foreach (var queue in Made.Values)
            {
                await BrokerTopology.DeclareAsync(channel, queue, cancellationToken);
            }
        }
        catch (OperationInterruptedException error) when (connection.IsOpen)
        {
            isStarting = error.ShutdownReason is { ReplyCode: NotFound };
            if (!isStarting)
            {
                BrokerLog.NotRestored(_logger, error.Message);
            }
            else if (!told)
            {
                BrokerLog.NotThereYet(_logger, error.ShutdownReason!.ReplyText);
            }
        }

        await DisposeOfAsync(channel).WaitAsync(TimeToEnd, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return isStarting;
    }

    private void TellAlarm(string? reason)
    {
        if (reason is not null)
        {
            BrokerLog.Blocked(_logger, reason);
        }
        else if (_hasAlarm)
        {
            BrokerLog.Unblocked(_logger);
        }

        _hasAlarm = reason is not null;
        AlarmChanged?.Invoke(reason);
    }

    /// <summary>Ends what may be dead; nobody should wait for that for ever, and its errors help nobody.</summary>
    private static async Task DisposeOfAsync(IAsyncDisposable? old)
    {
        if (old is not null)
        {
            await Task.Run(() => old.DisposeAsync().AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var publisher in (Lazy<BrokerPublisher>[])[_runs, _talk])
        {
            if (publisher.IsValueCreated)
            {
                await publisher.Value.DisposeAsync();
            }
        }

        await DisposeOfAsync(_connection?.Connection).WaitAsync(TimeToEnd, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _opening.Dispose();
    }

    private sealed record OpenConnection(IConnection Connection, CancellationToken Closed);
}
