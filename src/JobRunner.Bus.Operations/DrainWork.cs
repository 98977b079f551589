using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations;

/// <summary>Drains one worker, and waits until it runs nothing any more.</summary>
internal static class DrainWork
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(1);

    /// <summary>Tells it, and asks again until it is drained.</summary>
    /// <param name="control">The workers.</param>
    /// <param name="worker">Its name.</param>
    /// <param name="by">Who wants it, for people to read.</param>
    /// <param name="onStatus">Told how it stands, whenever that has changed.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives up waiting; the worker drains on.</param>
    /// <returns>How it stands: it runs nothing any more.</returns>
    /// <exception cref="CommandException">No worker of that name that runs jobs is connected, or it ended meanwhile.</exception>
    /// <exception cref="SchedulerBusException">It could not be told, or does not answer.</exception>
    public static async Task<WorkerStatus> RunAsync(
        IBrokerControl control, string worker, string by, Action<WorkerStatus> onStatus, TimeProvider time, CancellationToken cancellation)
    {
        WorkerStatus? last = null;
        while (await control.DrainAsync(worker, by, cancellation) is { } status)
        {
            if (Line(status) != (last is null ? null : Line(last)))
            {
                onStatus(status);
            }

            last = status;
            if (IsOver(status))
            {
                return status;
            }

            await Task.Delay(BetweenLooks, time, cancellation);
        }

        throw new CommandException(last is null
            ? await NoSuchWorkerAsync(control, worker, cancellation)
            : $"worker {Say.OneLine(worker)} ended before it was drained; what it ran goes on elsewhere");
    }

    /// <summary>Whether it holds no run any more.</summary>
    private static bool IsOver(WorkerStatus status) => status.Drain == WorkerStatus.Drained;

    /// <summary>How it stands, in a line.</summary>
    public static string Line(WorkerStatus status) => IsOver(status)
        ? $"{Say.OneLine(status.Worker)} is drained: it runs nothing, and takes no work until it is started again"
        : $"{Say.OneLine(status.Worker)} drains: {status.SlotsInUse} {(status.SlotsInUse == 1 ? "try runs" : "tries run")}";

    private static async Task<string> NoSuchWorkerAsync(IBrokerControl control, string worker, CancellationToken cancellation)
    {
        // A question about no request: only the summaries come.
        var connected = (await control.AskStatusAsync(new GetRunnerStatus { RequestId = "-", Summary = true }, cancellation))?.Workers ?? [];
        var names = connected.Count == 0 ? "none is connected" : $"connected are {string.Join(", ", connected.Select(one => Say.OneLine(one.Worker)).Order(StringComparer.Ordinal))}";
        return $"there is no worker \"{Say.OneLine(worker)}\" that runs jobs; {names}";
    }
}
