using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Hosting;

/// <summary>Work that lasts as long as the worker: what ends it by mistake is logged, and it begins again.</summary>
internal static partial class LongLived
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Runs it until the token fires. Never throws.</summary>
    /// <param name="what">What it is, for the log.</param>
    /// <param name="work">One life of it.</param>
    /// <param name="time">The clock of the pause before it begins again.</param>
    /// <param name="logger">Where its faults go.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(string what, Func<CancellationToken, Task> work, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await work(cancellationToken);
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                BeginsAgain(logger, what, error);
            }

            await Task.Delay(Pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1141, LogLevel.Error, "{What} ended by an error of the worker itself, and begins again")]
    private static partial void BeginsAgain(ILogger logger, string what, Exception error);
}
