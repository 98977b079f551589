using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Hosting;

/// <summary>
/// Ends a worker's runs without losing any: waiting ones are handed over at once, running tries may end within the drain
/// timeout, then they are stopped (their logs say STOPPED, their budget is not used up) and handed over.
/// </summary>
internal sealed class WorkerDrain(RunnerRepo repo, DrainSignal signal, IOptions<WorkerOptions> options, TimeProvider time, ILogger<WorkerDrain> logger)
{
    // For the broker to take what is handed over.
    private static readonly TimeSpan HandOverTime = TimeSpan.FromSeconds(10);

    /// <returns>Whether no run is left; what is may yet be handed over, as to a broker that is away.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        signal.Begin();
        var runs = Runs();
        AcceptLog.Draining(logger, runs.Count, options.Value.DrainTimeout);
        foreach (var run in runs)
        {
            run.Runner.HandOver();
        }

        if (!await AllOverAsync(options.Value.DrainTimeout, cancellationToken))
        {
            runs = Runs();
            AcceptLog.DrainCuts(logger, runs.Count);
            foreach (var run in runs)
            {
                run.Runner.HandOver();
                run.Runner.CutTry();
            }

            if (!await AllOverAsync(options.Value.StopTimeout + HandOverTime, cancellationToken))
            {
                AcceptLog.DrainLeft(logger, Runs().Count);
                return false;
            }
        }

        AcceptLog.Drained(logger);
        return true;
    }

    private List<LiveRun> Runs() => [.. repo.Alive()];

    private async Task<bool> AllOverAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        try
        {
            // A delivery may have been on its way in when intake closed: look again until there is none.
            var began = time.GetTimestamp();
            while (Runs() is { Count: > 0 } runs)
            {
                runs.ForEach(run => run.Runner.HandOver());
                var left = within - time.GetElapsedTime(began);
                // A run that broke is over too, and must not end the drain of the others.
                var over = Task.WhenAll(runs.Select(run => run.Over)).ContinueWith(static _ => { }, TaskScheduler.Default);
                await over.WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, time, cancellationToken);
            }

            return true;
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }
}
