using JobRunner.Bus.Chains.Service.Store;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Send;

/// <summary>
/// Tells the store what was sent, sends what an instance that died has left unsent, and deletes chains that ended long ago.
/// Whatever goes wrong is logged and tried again.
/// </summary>
internal sealed class Outbox(
    ChainStore store, ChainSender sender, DoneNotes done, ChainsOpened opened, IOptions<ChainsOptions> options, TimeProvider time, ILogger<Outbox> logger)
    : BackgroundService
{
    private const int AtOnce = 100;

    private static readonly TimeSpan BetweenTells = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan BetweenDeletions = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await opened.Task.WaitAsync(stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(
            RepeatAsync("tell what was sent", BetweenTells, TellAsync, stoppingToken),
            RepeatAsync("send what was left unsent", options.Value.SendAgainAfter / 4, SendAgainAsync, stoppingToken),
            RepeatAsync("delete ended chains", BetweenDeletions, DeleteAsync, stoppingToken));
    }

    private async Task TellAsync(CancellationToken cancellationToken) =>
        await store.DoneAsync(await done.TakeAsync(cancellationToken), cancellationToken);

    private async Task SendAgainAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<StoredChain> overdue;
        do
        {
            overdue = await store.ClaimOverdueAsync(AtOnce, cancellationToken);
            foreach (var chain in overdue)
            {
                ChainsLog.SentAgain(logger, chain.State.RequestId, chain.Effects.Count);
                await sender.SendAsync(chain, cancellationToken);
            }
        }
        while (overdue.Count == AtOnce);
    }

    private async Task DeleteAsync(CancellationToken cancellationToken)
    {
        while (await store.DeleteEndedAsync(AtOnce, cancellationToken) == AtOnce)
        {
            // Some at a time, so that no event waits long.
        }
    }

    private async Task RepeatAsync(string what, TimeSpan every, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await work(cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                ChainsLog.UpkeepFailed(logger, what, error);
            }
            catch (Exception)
            {
                // The process ends. What the store was not told is sent once more after the next start, which costs only time.
                return;
            }

            await Task.Delay(every, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
