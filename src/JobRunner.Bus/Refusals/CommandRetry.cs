using JobRunner.Bus.Runs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// The last resort for a command that the worker failed to run by an error of its own: whoever is free tries again after a growing
/// wait, five times, then the command is refused.
/// </summary>
internal sealed class CommandRetry(IRunRelay relay, CrashResumer resumer, ILogger<CommandRetry> logger)
{
    private static readonly TimeSpan[] Waits =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10)];

    /// <summary>Returns when the command is safe where it waits.</summary>
    /// <exception cref="RefusedException">It was tried again often enough.</exception>
    public async Task RetryAsync(CommandDelivery delivery, Exception error, CancellationToken lost)
    {
        var cause = (error as RunAbandonedException)?.InnerException ?? error;
        if (delivery.Failures >= Waits.Length)
        {
            var reason = $"the worker failed {delivery.Failures + 1} times to run this command, last by {cause.GetType().Name}: {cause.Message}";
            throw await RefusalAsync(delivery, reason, lost);
        }

        var wait = Waits[delivery.Failures];
        AcceptLog.CommandFailed(logger, cause.GetType().Name, delivery.Failures + 1, wait, cause);
        await relay.RequeueAsync(delivery with { Failures = delivery.Failures + 1, Redelivered = true }, wait);
    }

    /// <summary>Tries may have been logged since it was sent: told of its end as it arrived, its scheduler would repeat their numbers.</summary>
    private async Task<RefusedException> RefusalAsync(CommandDelivery delivery, string reason, CancellationToken lost)
    {
        try
        {
            var run = await resumer.FailedAsync(delivery, Reasons.Bounded(reason), lost);
            return new RefusedException(reason, tellScheduler: run is not null) { Run = run };
        }
        catch (Exception error) when (!lost.IsCancellationRequested)
        {
            return new RefusedException(
                $"{reason}; the journal cannot be read ({error.GetType().Name}: {error.Message}), so its counters are those that it arrived with");
        }
    }
}
