using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.Record;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>What the pages show of <c>run</c>: the worker and the chains of this process, and no broker.</summary>
internal sealed class EmbeddedSource(
    OwnStatus worker, EmbeddedResults results, IReadOnlyList<TrackedChain> chains, PictureBook book, LogLook logs, TimeProvider time) : BackgroundService, ISource
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    private readonly DateTimeOffset _began = time.GetUtcNow();

    public bool ErrorsAreTaken => false;

    public void WantRuns()
    {
        // They are told always: nobody has to be asked.
    }

    public Task<ChainsFound> ChainsAsync(string? requestId, CancellationToken left)
    {
        var known = chains.Where(chain => requestId is null || chain.RequestId == requestId).Select(chain => chain.Now.ToStatus(_began)).ToArray();
        return Task.FromResult(requestId is null
            ? new ChainsFound([.. ChainReports.Merge([new ChainsReport { Chains = known }]).Take(ChainLook.MostChains)], [], null)
            : new ChainsFound(known, [], known.Length > 0 ? null : "this process runs no such request"));
    }

    public Task<LogsFound> LogsAsync(string requestId, CancellationToken left) => logs.ReadAsync(requestId, left);

    public Task<ErrorsFound> ErrorsAsync(CancellationToken left) => Task.FromResult(new ErrorsFound([], 0,
        "There is no broker here, and so there are no error queues. A job whose command is refused ends as FAIL: the chain of its request says why. "
        + "A job log that cannot be stored is told where the program was started."));

    public Task<BrokerFound> BrokerAsync(CancellationToken left) => Task.FromResult(new BrokerFound(null,
        "There is no broker here: jobrunner run carries its jobs out in its own process. Commands and waits are in its memory and end with it; "
        + "job logs are stored where jobrunner logs reads them."));

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        // Whoever opens the page first is to find something.
        Show();
        results.Ended += book.OnResult;
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Every, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Show();
        }
    }

    private void Show()
    {
        book.Hear(worker.Summary(), [.. worker.Runs()]);
        book.Show();
    }
}
