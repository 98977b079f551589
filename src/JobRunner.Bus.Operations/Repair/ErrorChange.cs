using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>Works on a batch of messages of one error queue; a batch that was begun is finished.</summary>
/// <param name="queue">The error queue.</param>
/// <param name="messages">The batch, one message at least.</param>
/// <returns>What became of each, or would become of it, in their order.</returns>
/// <exception cref="SchedulerBusException">The broker is away; what was not removed is still in the error queue.</exception>
internal delegate Task<IReadOnlyList<RepairOutcome>> BatchWork(IErrorQueue queue, IReadOnlyList<ErrorMessage> messages);

/// <summary>Works through the messages that were selected, batch by batch.</summary>
/// <param name="broker">The broker.</param>
/// <param name="work">What to do with a batch.</param>
/// <param name="dryRun">Whether the work only tells what it would do.</param>
/// <param name="onOutcomes">Told the outcomes of each batch.</param>
/// <param name="warn">Told what a person should know, one line each.</param>
internal sealed class ErrorChange(
    IRepairBroker broker, BatchWork work, bool dryRun, Action<IReadOnlyList<RepairOutcome>> onOutcomes, Action<string> warn)
{
    /// <summary>Does it.</summary>
    /// <param name="selection">Which messages.</param>
    /// <param name="stop">Begin no further batch.</param>
    /// <exception cref="SchedulerBusException">The broker is away; what was not removed is still in the error queues.</exception>
    public async Task RunAsync(ErrorSelection selection, CancellationToken stop)
    {
        var left = selection.Limit ?? long.MaxValue;
        foreach (var name in selection.Queues)
        {
            var removed = new HashSet<string>(StringComparer.Ordinal);
            await using (var queue = await broker.OpenErrorQueueAsync(name, stop))
            {
                WarnOfOthers(queue, name, warn);
                left -= await WorkAsync(queue, selection.Filter, left, removed, stop);
            }

            await RemoveWhatCameBackAsync(name, removed);
        }
    }

    /// <summary>Says that an error queue is being read by somebody else, if it is.</summary>
    public static void WarnOfOthers(IErrorQueue queue, string name, Action<string> warn)
    {
        if (queue.IsReadByOthers)
        {
            warn($"somebody else reads {Names.ErrorQueue(name)} now; what they hold is not seen here");
        }
    }

    private async Task<long> WorkAsync(IErrorQueue queue, ErrorFilter filter, long most, HashSet<string> removed, CancellationToken stop)
    {
        var taken = 0L;
        List<ErrorMessage> batch = [];
        while (taken < most && await queue.NextAsync(stop) is { } message)
        {
            if (filter.Matches(message))
            {
                taken++;
                batch.Add(message);
                if (RetryWork.IsFull(batch))
                {
                    await WorkBatchAsync();
                }
            }
        }

        if (batch.Count > 0)
        {
            stop.ThrowIfCancellationRequested();
            await WorkBatchAsync();
        }

        return taken;

        async Task WorkBatchAsync()
        {
            var outcomes = await work(queue, batch);
            onOutcomes(outcomes);
            removed.UnionWith(batch.Zip(outcomes).Where(pair => !dryRun && pair.Second.Kind != RepairKind.Kept).Select(pair => SendBack.LegOf(pair.First)));
            batch.Clear();
        }
    }

    /// <summary>
    /// The broker does not confirm acknowledgements, and forgets some when their channel ends: what was removed and is there
    /// again is removed again. One that failed anew has another time of failure, and is left.
    /// </summary>
    private async Task RemoveWhatCameBackAsync(string name, HashSet<string> removed)
    {
        var cameBack = removed.Count > 0;
        while (cameBack)
        {
            cameBack = false;
            await using var queue = await broker.OpenErrorQueueAsync(name, CancellationToken.None);
            while (await queue.NextAsync(CancellationToken.None) is { } message)
            {
                if (removed.Contains(SendBack.LegOf(message)))
                {
                    await queue.RemoveAsync(message);
                    cameBack = true;
                }
            }
        }
    }
}
