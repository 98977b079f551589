using System.Diagnostics.CodeAnalysis;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Accept.Lease;

/// <summary>
/// Watches this worker's contact with the broker, a few times per lease, on a connection that never publishes: a broker
/// short of memory does not read from those that do. Out of contact for a lease, it gives all runs up, for others have
/// them by then. A broker that refuses connections is down for all, and nothing is given up.
/// </summary>
internal sealed class LeaseWatch(
    BrokerLink link, LeaseTalk talk, RunnerRepo repo, WorkerName worker, IOptions<WorkerOptions> options, TimeProvider time, ILogger<LeaseWatch> logger)
    : IAsyncDisposable
{
    private const int ChecksPerLease = 5;

    private static readonly TimeSpan WhileOutOfContact = TimeSpan.FromMilliseconds(50);

    private readonly CancellationTokenSource _stopping = new();
    private readonly LeaseClock _contact = new(time);
    private readonly TimeSpan _lease = options.Value.Lease;
    private volatile TaskCompletionSource<Listening> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _cutOff;
    private Task? _watching;

    /// <summary>Starts to watch; returns when this worker hears what others say, however long the broker is away.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _watching = WatchAsync(_stopping.Token);
        await ListeningAsync(cancellationToken);
    }

    /// <summary>The stretch of listening that lasts now; waits for one.</summary>
    public Task<Listening> ListeningAsync(CancellationToken cancellationToken) => _listening.Task.WaitAsync(cancellationToken);

    /// <summary>
    /// Completes at once unless this worker has been out of contact for a lease; then when it is in contact again. What
    /// wakes after a long pause asks here before the watch has woken up, too.
    /// </summary>
    public Task InContactAsync(CancellationToken cancellationToken) =>
        _watching is null || (_contact.Since() < _lease && !_cutOff) ? Task.CompletedTask : WaitForContactAsync(cancellationToken);

    private async Task WaitForContactAsync(CancellationToken cancellationToken)
    {
        while (_contact.Since() >= _lease || _cutOff)
        {
            await Task.Delay(WhileOutOfContact, time, cancellationToken);
        }
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var interval = _lease / ChecksPerLease;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await using var connection = await ConnectAsync(cancellationToken);
                await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
                await ListenAsync(channel, cancellationToken);
                _ = AnnounceAsync(cancellationToken);
                await HoldAsync(channel, interval, cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                EndListening();
                await OutOfContactAsync(error, cancellationToken);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            await Task.Delay(interval < TimeSpan.FromSeconds(1) ? interval : TimeSpan.FromSeconds(1), time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<IConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(_lease / 2);
        var moment = _contact.Now();
        var connection = await link.OpenAsync("leases", patience.Token);
        // The connection before this one did not last, and neither did the deliveries.
        GiveUpAfterLease();
        Contact(moment);
        return connection;
    }

    private async Task ListenAsync(IChannel channel, CancellationToken cancellationToken)
    {
        var queue = $"{Names.RunLease}.{worker}";
        await channel.ExchangeDeclareAsync(Names.RunLease, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
        await channel.QueueDeclareAsync(queue, durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, Names.RunLease, "", cancellationToken: cancellationToken);
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) => HearAsync(delivery.Body.ToArray());
        await channel.BasicConsumeAsync(queue, autoAck: true, consumer, cancellationToken);
        _listening.TrySetResult(new Listening());
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whoever asked asks again.")]
    private async Task HearAsync(byte[] body)
    {
        try
        {
            await talk.HearAsync(body, _stopping.Token);
        }
        catch (Exception error)
        {
            BrokerLog.AnswerNotSent(logger, "who runs a job", error.Message);
        }
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

    /// <summary>Asks the broker for a sign of life again and again; throws when there is none.</summary>
    private async Task HoldAsync(IChannel channel, TimeSpan interval, CancellationToken cancellationToken)
    {
        while (true)
        {
            var moment = _contact.Now();
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
            {
                patience.CancelAfter(_lease / 2);
                await channel.ExchangeDeclarePassiveAsync(Names.RunLease, patience.Token);
            }

            Contact(moment);
            await Task.Delay(interval, time, cancellationToken);
        }
    }

    private void Contact(LeaseClock.Moment moment)
    {
        _contact.Contact(moment);
        _cutOff = false;
    }

    private async Task OutOfContactAsync(Exception error, CancellationToken cancellationToken)
    {
        BrokerLog.ContactLost(logger, error.Message);
        var moment = _contact.Now();
        if (_contact.Since() < _lease || !await link.IsRefusedEverywhereAsync(_lease / 2, cancellationToken))
        {
            GiveUpAfterLease();
            return;
        }

        // Nobody can be given the commands: D7, not D3.
        Contact(moment);
    }

    private void GiveUpAfterLease()
    {
        if (_contact.Since() < _lease || _cutOff)
        {
            return;
        }

        _cutOff = true;
        var runs = repo.Items().OfType<LiveRun>().ToList();
        if (runs.Count > 0)
        {
            AcceptLog.LeaseOver(logger, _lease, runs.Count);
        }

        foreach (var run in runs)
        {
            run.Runner.Abandon();
        }
    }

    private void EndListening()
    {
        if (_listening.Task.IsCompletedSuccessfully)
        {
            var ended = _listening.Task.Result;
            _listening = new TaskCompletionSource<Listening>(TaskCreationOptions.RunContinuationsAsynchronously);
            ended.End();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await (_watching ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }
}
