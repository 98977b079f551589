using JobRunner.Bus.Chains.Service.Consumers;
using JobRunner.Bus.Chains.Service.Store;
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
    ChainTopology topology,
    ChainsOpened opened,
    UntilAccepted until,
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
            await until.RunAsync("queues of chains", topology.DeclareAsync, cancellationToken);
            opened.Set();
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
