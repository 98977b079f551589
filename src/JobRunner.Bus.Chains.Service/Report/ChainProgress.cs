using System.Collections.Concurrent;
using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Report;

/// <summary>
/// Tells the Request Manager how far the chains are of which this instance has seen a job end: each at most once a second, as the store has
/// it then. What cannot be told is told with the next round.
/// </summary>
internal sealed class ChainProgress(
    ChainQuestions questions, RequestManagerChains requestManager, IOptions<RequestManagerOptions> options, TimeProvider time, ILogger<ChainProgress> logger) : BackgroundService
{
    private const int AtOnce = 8;

    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> _changed = new(StringComparer.Ordinal);
    private bool _failed;

    private bool IsTold => ChainTopology.HasRequestManager(options.Value);

    /// <summary>A job of the chain has ended.</summary>
    public void Note(string requestId)
    {
        if (IsTold)
        {
            _changed[requestId] = true;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (IsTold && !stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(BetweenRounds, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await TellAsync(stoppingToken);
            }
            catch (Exception error) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(error);
            }
            catch (Exception)
            {
                // The process ends; another instance sees the next job end.
            }
        }
    }

    private async Task TellAsync(CancellationToken cancellationToken)
    {
        var changed = _changed.Keys.Where(id => _changed.TryRemove(id, out _)).ToList();
        try
        {
            var standing = await questions.ProgressAsync(changed, cancellationToken);
            await Parallel.ForEachAsync(
                standing,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
                async (chain, token) => await TellAsync(chain.RequestId, chain.FinishedJobs, token));
            _failed &= standing.Count == 0;
        }
        catch
        {
            changed.ForEach(Note);
            throw;
        }
    }

    private async Task TellAsync(string requestId, int finishedJobs, CancellationToken cancellationToken)
    {
        try
        {
            await requestManager.ProgressAsync(requestId, finishedJobs, cancellationToken);
        }
        catch (Exception error) when (error is PermanentDeliveryException or RetryableDeliveryException { StoreIsDown: false })
        {
            // Of this chain alone; the next end of a job tries again.
            Failed(error);
        }
    }

    private void Failed(Exception error)
    {
        if (!_failed)
        {
            _failed = true;
            ChainsLog.ProgressNotTold(logger, error.Message);
        }
    }
}
