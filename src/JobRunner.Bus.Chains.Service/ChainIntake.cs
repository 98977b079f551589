using JobRunner.Bus.Chains.Service.Ask;
using JobRunner.Bus.Chains.Service.Consumers;
using JobRunner.Bus.Chains.Service.Report;
using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service;

/// <summary>
/// Opens the queues of role <c>Chain</c> once the store can be used: first that of ends, so that no end is missed of a job that a
/// chain starts.
/// </summary>
internal sealed class ChainIntake(
    IReceiveEndpointConnector endpoints,
    ChainStore store,
    StorePatience patience,
    BrokerTopology topology,
    ChainsOpened opened,
    UntilAccepted until,
    IOptions<RequestManagerOptions> requestManager,
    IOptions<ReportOptions> report,
    WorkerName worker,
    WorkerReadiness readiness,
    IOptions<WorkerOptions> options,
    IHostApplicationLifetime lifetime,
    ILogger<ChainIntake> logger) : IHostedService, IDisposable
{
    private const string Readiness = "chains";

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<HostReceiveEndpointHandle> _handles = [];
    private Task _opening = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Roles.HasFlag(WorkerRoles.Chain))
        {
            readiness.Set(Readiness, "the queues of chains are not open yet");
            _opening = OpenOrEndAsync(_stopping.Token);
        }

        return Task.CompletedTask;
    }

    private async Task OpenOrEndAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        try
        {
            await patience.RunAsync(store.PrepareAsync, cancellationToken);
            await topology.Declared.WaitAsync(cancellationToken);
            opened.Set();
            await OpenAsync<GetChainsConsumer>($"{ChainNames.GetChains}.{worker}", cancellationToken);
            if (ChainTopology.HasRequestManager(requestManager.Value))
            {
                // Not when first needed: RabbitMQ 3.10 loses a queue when its node is killed just after making it.
                await until.RunAsync("delay queues of ends", EnsureDelaysAsync, cancellationToken);
                await OpenAsync<ChainReportConsumer>(ChainNames.Report, cancellationToken);
            }

            await OpenAsync<ChainJobFinishedConsumer>(ChainNames.JobFinished, cancellationToken);
            await OpenAsync<ChainDueConsumer>(ChainNames.Due, cancellationToken);
            await OpenAsync<StopChainConsumer>(ChainNames.StopChain, cancellationToken);
            await OpenAsync<ResumeChainConsumer>(ChainNames.ResumeChain, cancellationToken);
            await OpenAsync<RunChainConsumer>(ChainNames.RunChain, cancellationToken);
            readiness.Set(Readiness, null);
            ChainsLog.Ready(logger, store.Name);
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            ChainsLog.NotOpened(logger, error);
            readiness.Refuse([$"The chain service could not start: {error.Message}. Its log has the whole error"]);
            lifetime.StopApplication();
        }
        catch (Exception)
        {
            // The process ends.
        }
    }

    private Task EnsureDelaysAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(report.Value.Delays.Distinct().Select(delay => topology.EnsureAsync(ChainTopology.DelayQueue(delay), cancellationToken)));

    private async Task OpenAsync<TConsumer>(string queue, CancellationToken cancellationToken)
        where TConsumer : class, IConsumer
    {
        var handle = endpoints.ConnectWorker<TConsumer>(queue, worker);
        _handles.Add(handle);
        await handle.Ready.WaitAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _opening.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // Each waits for the events under way: those end at once, or go back to their queue.
        await Task.WhenAll(_handles.Select(handle => handle.StopAsync(cancellationToken))).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose() => _stopping.Dispose();
}
