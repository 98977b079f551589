using JobRunner.Bus.Hosting;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Leases;

/// <summary>
/// Watches this worker's contact with the broker, a few times per lease, on a connection that never publishes: a broker
/// short of memory does not read from those that do. A broker that refuses connections is down for all: nobody can be
/// given this worker's commands, and that is as good as contact.
/// </summary>
internal sealed class LeaseWatch(
    BrokerLink link,
    BrokerReach reach,
    LeaseTalk talk,
    LeaseGuard guard,
    Questions questions,
    BrokerLosses losses,
    WorkerName worker,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<LeaseWatch> logger)
    : IAsyncDisposable
{
    private const int ChecksPerLease = 5;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _stopping = new();
    private readonly string _queue = $"{Names.RunLease}.{worker}";
    private readonly TimeSpan _lease = options.Value.Lease;
    private readonly TimeSpan _interval = options.Value.Lease / ChecksPerLease;
    private readonly TaskCompletionSource _listens = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _watching = Task.CompletedTask;
    private bool _lost;

    /// <summary>Starts to watch; returns when this worker hears what others say, however long the broker is away.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _watching = Task.WhenAll(
            LongLived.RunAsync("The guard of the lease", guard.WatchAsync, time, logger, _stopping.Token),
            LongLived.RunAsync("The watch of the contact with the broker", WatchAsync, time, logger, _stopping.Token));
        await _listens.Task.WaitAsync(cancellationToken);
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            IConnection? connection = null;
            try
            {
                connection = await ConnectAsync(cancellationToken);
                var channel = await ListenAsync(connection, cancellationToken);
                _ = AnnounceAsync(cancellationToken);
                await HoldAsync(channel, cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                questions.EndListening();
                var reason = BrokerFaults.Reason(error);
                BrokerLog.ContactLost(logger, _lost ? LogLevel.Debug : LogLevel.Warning, reason);
                if (!_lost)
                {
                    _lost = true;
                    losses.Note();
                }

                var moment = guard.Now();
                if (await reach.IsRefusedEverywhereAsync(_interval, cancellationToken))
                {
                    guard.Renew(moment);
                }
            }
            catch (OperationCanceledException)
            {
                // Stopped.
            }

            // Beside the watch: the end of a connection that is cut off takes its time.
            _ = AbortAsync(connection);
            await Task.Delay(_interval < LongestPause ? _interval : LongestPause, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        using var patience = Patience(cancellationToken);
        var moment = guard.Now();
        var connection = await link.OpenAsync("leases", patience.Token);
        guard.Renew(moment);
        return connection;
    }

    private async Task<IChannel> ListenAsync(IConnection connection, CancellationToken cancellationToken)
    {
        using var patience = Patience(cancellationToken);
        var channel = await connection.CreateChannelAsync(cancellationToken: patience.Token);
        await channel.QueueDeclareAsync(_queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: patience.Token);
        await channel.QueueBindAsync(_queue, Names.RunLease, "", cancellationToken: patience.Token);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            // Not waited for: an answer that had to wait for the broker's word on those before could come after the lease.
            _ = HearAsync(delivery.Body.ToArray());
            return Task.CompletedTask;
        };
        questions.Listen();
        await channel.BasicConsumeAsync(_queue, autoAck: true, consumer, patience.Token);
        _listens.TrySetResult();
        if (_lost)
        {
            _lost = false;
            BrokerLog.ContactAgain(logger);
        }

        return channel;
    }

    /// <summary>Asks the broker for a sign of life again and again; throws when there is none.</summary>
    private async Task HoldAsync(IChannel channel, CancellationToken cancellationToken)
    {
        while (true)
        {
            var moment = guard.Now();
            using (var patience = Patience(cancellationToken))
            {
                // A binding that is there stays; one that went with its exchange comes back.
                await channel.QueueBindAsync(_queue, Names.RunLease, "", cancellationToken: patience.Token);
            }

            guard.Contact(moment);
            await Task.Delay(_interval, time, cancellationToken);
        }
    }

    private CancellationTokenSource Patience(CancellationToken cancellationToken)
    {
        var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_lease / 2);
        return patience;
    }

    /// <summary>Beside the watch: a broker short of memory takes what is published only later.</summary>
    private async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await talk.AnnounceAsync(cancellationToken);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whoever needs to know asks.
            BrokerLog.AnswerNotSent(logger, "which jobs run here", error.Message);
        }
    }

    private async Task HearAsync(byte[] body)
    {
        try
        {
            await talk.HearAsync(body, _stopping.Token);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            BrokerLog.AnswerNotSent(logger, "who runs a job", error.Message);
        }
    }

    private static async Task AbortAsync(IConnection? connection)
    {
        if (connection is not null)
        {
            await connection.AbortAsync();
            await connection.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }
}
