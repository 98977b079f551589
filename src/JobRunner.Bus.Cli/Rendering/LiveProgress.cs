using JobRunner.Bus.Cli.Scheduling;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Draws a board on a terminal while a run goes on, asking the workers now and then what they do.</summary>
internal sealed class LiveProgress(IAnsiConsole terminal, ProgressBoard board, ISchedulerBus bus, TimeProvider time)
{
    private static readonly TimeSpan FrameLength = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    /// <summary>Draws until the run ends, and leaves the terminal clean for what comes after it.</summary>
    public async Task<T> FollowAsync<T>(Task<T> run, IReadOnlyList<TrackedChain> chains)
    {
        using var ended = new CancellationTokenSource();
        var asking = AskAsync([.. chains.Select(chain => chain.RequestId)], ended.Token);
        await terminal.Live(Draw()).AutoClear(true).Overflow(VerticalOverflow.Crop).StartAsync(async screen =>
        {
            while (!run.IsCompleted)
            {
                screen.UpdateTarget(Draw());
                await Task.WhenAny(run, Task.Delay(FrameLength, time));
            }
        });
        await ended.CancelAsync();
        await asking;
        return await run;
    }

    private Spectre.Console.Rendering.IRenderable Draw() => board.Draw(terminal.Profile.Width, terminal.Profile.Height);

    private async Task AskAsync(IReadOnlyList<string> requestIds, CancellationToken cancellation)
    {
        try
        {
            while (true)
            {
                foreach (var requestId in requestIds)
                {
                    board.Update(await bus.GetStatusAsync(requestId, cancellation));
                }

                await Task.Delay(AskEvery, time, cancellation);
            }
        }
        catch (Exception error) when (error is OperationCanceledException or SchedulerBusException)
        {
            // Status texts are a courtesy: a run is not given up for want of them.
        }
    }
}
