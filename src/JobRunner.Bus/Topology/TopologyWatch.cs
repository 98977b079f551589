using System.Globalization;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Looks every few seconds, and as soon as a lost connection is back, whether all that this worker needs is still on its broker,
/// and declares it again. Tells when the broker is out of reach, or has an alarm.
/// </summary>
internal sealed class TopologyWatch : BackgroundService
{
    private const ushort NotFound = 404;

    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly BrokerLink _link;
    private readonly BrokerTopology _topology;
    private readonly WorkerReadiness _readiness;
    private readonly IOptions<WorkerOptions> _options;
    private readonly string _statusExchange;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private DateTimeOffset? _unreachableSince;
    private string? _unreachable;
    private string? _missing;
    private string? _notRestored;

    public TopologyWatch(
        BrokerLink link,
        BrokerTopology topology,
        WorkerReadiness readiness,
        WorkerName worker,
        IOptions<WorkerOptions> options,
        TimeProvider time,
        ILogger<TopologyWatch> logger)
    {
        (_link, _topology, _readiness, _options, _time, _logger) = (link, topology, readiness, options, time, logger);
        _statusExchange = $"{Names.GetRunnerStatus}.{worker}";
        link.AlarmChanged += reason => readiness.Set(
            WorkerReadiness.Alarm, reason is null ? null : $"the broker has an alarm and reads nothing that is published ({reason})");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await _topology.Declared.WaitAsync(stoppingToken);
        await Task.WhenAll(WatchAsync(stoppingToken), ProbeAsync(stoppingToken));
    }

    private async Task WatchAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await _link.UseAsync(LookAgainAndAgainAsync, stopping);
            }
            catch (OperationInterruptedException error) when (error.ShutdownReason is { ReplyCode: NotFound } reason && !stopping.IsCancellationRequested)
            {
                await RestoreAsync(reason.ReplyText, stopping);
            }
            catch (Exception error) when (!stopping.IsCancellationRequested)
            {
                TellUnreachable(error is OperationCanceledException ? "the connection was lost" : BrokerFaults.Describe(error, _link.Address));
                await PauseAsync(AfterFault, stopping);
            }
            catch (OperationCanceledException)
            {
                // Stopped.
            }
        }
    }

    /// <summary>Returns only by an exception: the connection is lost, or something is missing.</summary>
    private async Task LookAgainAndAgainAsync(IChannel channel, CancellationToken open)
    {
        while (true)
        {
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(open))
            {
                patience.CancelAfter(Patience);
                try
                {
                    await _topology.LookAsync(channel, _options.Value, patience.Token);
                }
                catch (OperationCanceledException) when (!open.IsCancellationRequested)
                {
                    // Told now: the end of a channel that gets no answer takes its time, too.
                    TellUnreachable($"no answer from it for {Patience.TotalSeconds:0} s");
                    throw new TimeoutException($"no answer from the broker for {Patience.TotalSeconds:0} s");
                }
            }

            TellGood();
            await Task.Delay(BetweenLooks, _time, open);
        }
    }

    private async Task RestoreAsync(string missing, CancellationToken stopping)
    {
        if (_missing != missing)
        {
            BrokerLog.Missing(_logger, missing);
        }

        _missing = missing;
        _readiness.Set(WorkerReadiness.Topology, $"gone from the broker and being declared again: {missing}");
        try
        {
            await _topology.RestoreAsync(_options.Value, stopping);
            await BindOwnAsync(stopping);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            var reason = BrokerFaults.Describe(error, _link.Address);
            if (_notRestored != reason)
            {
                BrokerLog.NotRestored(_logger, reason);
            }

            _notRestored = reason;
            _readiness.Set(WorkerReadiness.Topology, $"gone from the broker: {missing}; it cannot be declared again: {reason}");
            await PauseAsync(BetweenLooks, stopping);
        }
        catch (OperationCanceledException)
        {
            // Stopped.
        }
    }

    /// <summary>MassTransit bound this worker's own exchange when it opened its endpoint; the binding went with the exchange asked at.</summary>
    private async Task BindOwnAsync(CancellationToken stopping)
    {
        if (_options.Value.Roles.HasFlag(WorkerRoles.Run))
        {
            try
            {
                await _link.UseAsync(channel => channel.ExchangeBindAsync(_statusExchange, Names.GetRunnerStatus, "", cancellationToken: stopping), stopping);
            }
            catch (OperationInterruptedException error) when (error.ShutdownReason is { ReplyCode: NotFound })
            {
                // MassTransit is about to open it.
            }
        }
    }

    /// <summary>The broker tells of an alarm only those who publish: an idle worker would not know.</summary>
    private async Task ProbeAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            // Nobody has a queue of this name.
            await _link.PublishAsync("", "jobrunner-probe", new BasicProperties(), ReadOnlyMemory<byte>.Empty, mandatory: false, stopping)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await PauseAsync(BetweenLooks, stopping);
        }
    }

    private void TellGood()
    {
        _readiness.Set(WorkerReadiness.Broker, null);
        _readiness.Set(WorkerReadiness.Topology, null);
        if (_unreachableSince is not null)
        {
            BrokerLog.ReachableAgain(_logger);
        }

        if (_missing is not null)
        {
            BrokerLog.Restored(_logger);
        }

        (_unreachableSince, _unreachable, _missing, _notRestored) = (null, null, null, null);
    }

    private void TellUnreachable(string reason)
    {
        _unreachableSince ??= _time.GetUtcNow();
        if (reason != _unreachable)
        {
            _unreachable = reason;
            BrokerLog.Unreachable(_logger, reason);
        }

        _readiness.Set(WorkerReadiness.Broker, string.Create(CultureInfo.InvariantCulture, $"broker unreachable since {_unreachableSince:yyyy-MM-ddTHH:mm:ssZ}: {reason}"));
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stopping) =>
        await Task.Delay(pause, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
}
