using JobRunner.Bus.Consumers;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Leases;
using JobRunner.Bus.Receive;
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
    IHostApplicationLifetime lifetime,
    ILogger<WorkerIntake> logger) : IHostedService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private HostReceiveEndpointHandle? _work;
    private HostReceiveEndpointHandle? _report;
    private CommandReceiver? _receiver;
    private Task _opening = Task.CompletedTask;
    private Task _watchingStops = Task.CompletedTask;

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
        await Task.Yield();
        if (OnBroker && !await services.GetRequiredService<PreflightGate>().PassAsync(cancellationToken))
        {
            return;
        }

        if (options.Value.Roles.HasFlag(WorkerRoles.Run))
        {
            if (OnBroker)
            {
                // Not when first needed: RabbitMQ before 3.12.11 makes a queue badly on a node that is down as it is made.
                var waits = services.GetRequiredService<BrokerTopology>();
                await until.RunAsync("wait queues", token => waits.EnsureWaitQueuesAsync(options.Value.WaitsToPrepare, token), cancellationToken);
                var stops = services.GetRequiredService<StopReader>();
                await stops.StartAsync(cancellationToken);
                _watchingStops = stops.WatchAsync(_stopping.Token);
                await OpenAsync<GetRunnerStatusConsumer>($"{Names.GetRunnerStatus}.{worker}", cancellationToken);
                await services.GetRequiredService<StopCatchUp>().RunAsync(cancellationToken);
                await services.GetRequiredService<LeaseWatch>().StartAsync(cancellationToken);
                var receiver = services.GetRequiredService<CommandReceiver>();
                await receiver.StartAsync(cancellationToken);
                _receiver = receiver;
            }
            else
            {
                await OpenAsync<StopJobConsumer>(Names.StopJob, cancellationToken);
                _work = await OpenAsync<RunJobConsumer>(Names.RunJob, cancellationToken);
            }
        }

        if (options.Value.Roles.HasFlag(WorkerRoles.Report))
        {
            if (OnBroker)
            {
                // Not when first needed: RabbitMQ 3.10 loses a queue when its node is killed just after making it.
                var topology = services.GetRequiredService<BrokerTopology>();
                await until.RunAsync("delay queues", token => topology.EnsureDelayQueuesAsync(report.Value.Delays, token), cancellationToken);
            }

            _report = await OpenAsync<JobLogRecordedConsumer>(Names.JobLogRecorded, cancellationToken);
        }

        readiness.Set(null);
        AcceptLog.WorkerReady(logger, worker.Value, options.Value.Roles.ToString(), options.Value.Slots);
    }

    private async Task<HostReceiveEndpointHandle> OpenAsync<TConsumer>(string queue, CancellationToken cancellationToken)
        where TConsumer : class, IConsumer
    {
        var handle = endpoints.ConnectWorker<TConsumer>(queue, worker);
        await handle.Ready.WaitAsync(cancellationToken);
        return handle;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        readiness.Set("draining");
        await _stopping.CancelAsync();
        await _opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _watchingStops.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Closing ends intake at once and then waits for the deliveries under way, which the drain ends.
        _receiver?.StopIntake();
        var closing = _work?.StopAsync(cancellationToken) ?? Task.CompletedTask;
        await drain.RunAsync(cancellationToken);
        await closing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        if (_receiver is not null)
        {
            await _receiver.CloseAsync();
        }

        // Last, so that the logs of the drain are delivered too. Intake ends first: what is put back must not come here again.
        var reporting = _report?.StopAsync(cancellationToken) ?? Task.CompletedTask;
        services.GetRequiredService<UnderWay>().LetGo();
        await reporting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();
}
