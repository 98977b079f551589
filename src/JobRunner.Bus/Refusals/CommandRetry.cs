using JobRunner.Bus.Runs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// The last resort for a command that the worker failed to run by an error of its own: whoever is free tries again after a growing
/// wait, five times, then the command is refused.
/// </summary>
internal sealed class CommandRetry(IRunRelay relay, ILogger<CommandRetry> logger)
{
    private static readonly TimeSpan[] Waits =
        [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10)];

    /// <summary>Returns when the command is safe where it waits.</summary>
    /// <exception cref="RefusedException">It was tried again often enough.</exception>
    public async Task RetryAsync(CommandDelivery delivery, Exception error)
    {
        var cause = (error as GivenBackException)?.InnerException ?? error;
        if (delivery.Failures >= Waits.Length)
        {
            throw new RefusedException($"the worker failed {delivery.Failures + 1} times to run this command, last by {cause.GetType().Name}: {cause.Message}");
        }

        var wait = Waits[delivery.Failures];
        AcceptLog.CommandFailed(logger, cause.GetType().Name, delivery.Failures + 1, wait, cause);
        await relay.PutBackAsync(delivery with { Failures = delivery.Failures + 1, Redelivered = true }, wait);
    }
}
