using JobRunner.Bus.Consumers;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Leases;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Hosting;

/// <summary>
/// Opens the worker's queues in an order that keeps its promises, and closes them the other way round: first what must
/// be known (topology, stops), then work.
/// </summary>
internal sealed class WorkerIntake(
    IReceiveEndpointConnector endpoints,
    IServiceProvider services,
    IOptions<TransportOptions> transport,
    IOptions<WorkerOptions> options,
    IOptions<ReportOptions> report,
    UntilAccepted until,
    WorkerName worker,
    WorkerReadiness readiness,
    WorkerDrain drain,
    DrainSignal signal,
    IHostApplicationLifetime lifetime,
    ILogger<WorkerIntake> logger) : IHostedService, IDisposable
{
    private const int LongestName = 200;

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _outOfTime = new();
    private readonly Lock _lock = new();
    private HostReceiveEndpointHandle? _commands;
    private HostReceiveEndpointHandle? _logs;
    private Task _opening = Task.CompletedTask;
    private Task _watchingStops = Task.CompletedTask;
    private Task? _drained;

    private bool OnBroker => transport.Value.Transport == TransportKind.RabbitMq;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Jobs that cannot be made are told now, not by each command.
        _ = services.GetRequiredService<IJobFactory>();

        // A broker may be away for long; the process is alive meanwhile, only not ready.
        _opening = OpenOrEndAsync(_stopping.Token);
        if (!OnBroker)
        {
            await _opening.WaitAsync(cancellationToken);
        }
    }

    /// <summary>What a broker does passes; an error that is none of its own is told, and whoever started the worker may start it anew.</summary>
    private async Task OpenOrEndAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Task.Yield();
            await OpenAsync(cancellationToken);
        }
        catch (Exception error) when (OnBroker && !cancellationToken.IsCancellationRequested)
        {
            AcceptLog.WorkerNotOpened(logger, error);
            readiness.Refuse([$"The worker could not open its queues: {error.Message}. Its log has the whole error"]);
            lifetime.StopApplication();
        }
    }

    private async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (OnBroker && !await services.GetRequiredService<PreflightGate>().PassAsync(cancellationToken))
        {
            return;
        }

        if (options.Value.Roles.HasFlag(WorkerRoles.Run))
        {
            await (OnBroker ? HearAsync(cancellationToken) : OpenAsync<StopJobConsumer>(Names.StopJob, cancellationToken));
            _commands = await OpenAsync<RunJobConsumer>(Names.RunJob, cancellationToken);
        }

        if (options.Value.Roles.HasFlag(WorkerRoles.Report))
        {
            if (OnBroker)
            {
                // Not when first needed: RabbitMQ 3.10 loses a queue when its node is killed just after making it.
                var topology = services.GetRequiredService<BrokerTopology>();
                await until.RunAsync("delay queues", token => topology.EnsureDelayQueuesAsync(report.Value.Delays, token), cancellationToken);
            }

            _logs = await OpenAsync<JobLogRecordedConsumer>(Names.JobLogRecorded, cancellationToken);
        }

        if (OnBroker && _commands is not null)
        {
            await OpenAsync<DrainWorkerConsumer>($"{Names.DrainWorker}.{worker}", cancellationToken);
        }

        lock (_lock)
        {
            if (_drained is null)
            {
                readiness.Set(null);
            }
        }

        AcceptLog.WorkerReady(logger, worker.Value, options.Value.Roles.ToString(), options.Value.Slots);
    }

    /// <summary>What a worker must be able to hear and do on a broker before it takes its first command.</summary>
    private async Task HearAsync(CancellationToken cancellationToken)
    {
        // Not when first needed: RabbitMQ before 3.12.11 makes a queue badly on a node that is down as it is made.
        var topology = services.GetRequiredService<BrokerTopology>();
        await until.RunAsync("wait queues", token => topology.EnsureWaitQueuesAsync(options.Value.WaitsToPrepare, token), cancellationToken);

        var stops = services.GetRequiredService<StopReader>();
        await stops.StartAsync(cancellationToken);
        _watchingStops = stops.WatchAsync(_stopping.Token);
        await OpenAsync<GetRunnerStatusConsumer>($"{Names.GetRunnerStatus}.{worker}", cancellationToken);
        // However long that takes: every stop of the retention period is known before the first run.
        await services.GetRequiredService<StopCatchUp>().RunAsync(cancellationToken);
        await services.GetRequiredService<LeaseWatch>().StartAsync(cancellationToken);
    }

    private async Task<HostReceiveEndpointHandle> OpenAsync<TConsumer>(string queue, CancellationToken cancellationToken)
        where TConsumer : class, IConsumer
    {
        var handle = endpoints.ConnectWorker<TConsumer>(queue, worker);
        await handle.Ready.WaitAsync(cancellationToken);
        return handle;
    }

    /// <summary>Takes no more commands, and ends or hands over what runs; for good. The process stays, delivers logs and answers.</summary>
    /// <param name="by">Who wants it, if they say so.</param>
    public void Drain(string? by)
    {
        var who = string.IsNullOrWhiteSpace(by) ? "somebody who gave no name" : Utf8Cut.Valid(by[..Math.Min(by.Length, LongestName)]);
        lock (_lock)
        {
            if (_drained is null)
            {
                AcceptLog.ToldToDrain(logger, who);
                _drained = DrainAsync($", told by {who}");
            }
        }
    }

    private async Task DrainAsync(string told)
    {
        readiness.Set($"draining{told}");
        await Task.Yield();
        try
        {
            // Closing ends intake at once and then waits for the deliveries under way, which the drain ends.
            var commands = CloseAsync(_commands, _outOfTime.Token);
            bool isOver;
            do
            {
                // Time enough, unless the process ends.
                isOver = await drain.RunAsync(_outOfTime.Token);
            }
            while (!isOver && !_stopping.IsCancellationRequested);

            await commands;
            if (isOver)
            {
                readiness.Set($"drained{told}");
                signal.End();
            }
        }
        catch (Exception error)
        {
            AcceptLog.DrainWentWrong(logger, error);
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_drained is null)
            {
                readiness.Set("draining");
            }
        }

        await _stopping.CancelAsync();
        await _opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _watchingStops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await using var outOfTime = cancellationToken.Register(_outOfTime.Cancel);
        Task drained;
        lock (_lock)
        {
            drained = _drained ??= DrainAsync("");
        }

        await drained;

        // Last, so that the logs of the drain are delivered too. Intake ends first: what is requeued must not come here again.
        var logs = CloseAsync(_logs, cancellationToken);
        services.GetRequiredService<UnderWay>().Requeue();
        await logs;
    }

    private static async Task CloseAsync(HostReceiveEndpointHandle? endpoint, CancellationToken cancellationToken)
    {
        if (endpoint is not null)
        {
            await endpoint.StopAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public void Dispose()
    {
        _stopping.Dispose();
        _outOfTime.Dispose();
    }
}
