using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Runs chains over a bus and shows how: live on a terminal, as lines in a pipe, or as one JSON document.</summary>
internal sealed class ChainRun(CliServices services)
{
    private readonly Screen _screen = services.Screen;

    /// <summary>Runs the chains to their end.</summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="SchedulerBusException">The bus was lost; what is known has been shown.</exception>
    public async Task<int> RunAsync(ISchedulerBus bus, IReadOnlyList<TrackedChain> chains, bool asJson, CancellationToken stop)
    {
        var start = services.Time.GetTimestamp();
        var board = !asJson && _screen.Terminal is not null ? new ProgressBoard(chains, services.Time) : null;
        IRunObserver observer = board is not null ? board
            : asJson ? new NoProgress(_screen.Error)
            : new ProgressLines(_screen.Output, services.Time, nameRequests: chains.Count > 1);
        var scheduler = new ChainScheduler(bus, services.Time, observer);
        IReadOnlyList<RequestResult>? results = null;
        try
        {
            var run = scheduler.RunAsync(chains, stop);
            results = board is not null
                ? await new LiveProgress(_screen.Terminal!, board, bus, services.Time).FollowAsync(run, chains)
                : await run;
        }
        finally
        {
            Show(results ?? scheduler.Results(chains), asJson, services.Time.GetElapsedTime(start));
        }

        return results.All(result => result.State == JobState.Complete) ? ExitCodes.Success
            : stop.IsCancellationRequested ? ExitCodes.Interrupted
            : ExitCodes.Failed;
    }

    private void Show(IReadOnlyList<RequestResult> results, bool asJson, TimeSpan took)
    {
        if (asJson)
        {
            _screen.Output.WriteLine(ResultJson.Write(results));
            return;
        }

        foreach (var result in results)
        {
            ResultTable.Write(_screen, result, took);
        }
    }
}
