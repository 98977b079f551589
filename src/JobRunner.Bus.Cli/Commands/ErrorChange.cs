using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Works through the messages that were selected, batch by batch, and tells what became of each.</summary>
internal sealed class ErrorChange(CliServices services, bool dryRun, bool asJson)
{
    private readonly List<RepairOutcome> _outcomes = [];
    private readonly Dictionary<RepairKind, long> _counts = [];

    /// <summary>Does it.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="selection">Which messages.</param>
    /// <param name="work">What to do with a batch; a batch that was begun is finished.</param>
    /// <param name="stop">Begin no further batch.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(
        IRepairBroker broker,
        ErrorSelection selection,
        Func<IErrorQueue, IReadOnlyList<ErrorMessage>, Task<IReadOnlyList<RepairOutcome>>> work,
        CancellationToken stop)
    {
        var left = selection.Limit ?? long.MaxValue;
        var ended = false;
        try
        {
            foreach (var name in selection.Queues)
            {
                var removed = new HashSet<string>(StringComparer.Ordinal);
                await using (var queue = await broker.OpenErrorQueueAsync(name, stop))
                {
                    WarnOfOthers(services, queue, name);
                    left -= await WorkAsync(queue, selection.Filter, left, work, removed, stop);
                }

                await RemoveWhatCameBackAsync(broker, name, removed);
            }

            ended = true;
        }
        finally
        {
            Sum(ended);
        }

        return _counts.GetValueOrDefault(RepairKind.Kept) > 0 ? ExitCodes.Failed : ExitCodes.Success;
    }

    private async Task<long> WorkAsync(
        IErrorQueue queue,
        ErrorFilter filter,
        long most,
        Func<IErrorQueue, IReadOnlyList<ErrorMessage>, Task<IReadOnlyList<RepairOutcome>>> work,
        HashSet<string> removed,
        CancellationToken stop)
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
            Tell(outcomes);
            removed.UnionWith(batch.Zip(outcomes).Where(pair => !dryRun && pair.Second.Kind != RepairKind.Kept).Select(pair => SendBack.LegOf(pair.First)));
            batch.Clear();
        }
    }

    /// <summary>
    /// The broker does not confirm acknowledgements, and forgets some when their channel ends: what was removed and is there
    /// again is removed again. One that failed anew has another time of failure, and is left.
    /// </summary>
    private static async Task RemoveWhatCameBackAsync(IRepairBroker broker, string name, HashSet<string> removed)
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

    /// <summary>Says that an error queue is being read by somebody else, if it is.</summary>
    public static void WarnOfOthers(CliServices services, IErrorQueue queue, string name)
    {
        if (queue.IsReadByOthers)
        {
            services.Screen.Error.WriteLine(
                $"jobrunner: somebody else reads {Names.ErrorQueue(name)} now; what they hold is not seen here");
        }
    }

    private void Tell(IReadOnlyList<RepairOutcome> outcomes)
    {
        foreach (var outcome in outcomes)
        {
            _counts[outcome.Kind] = _counts.GetValueOrDefault(outcome.Kind) + 1;
            if (asJson)
            {
                _outcomes.Add(outcome);
            }
            else
            {
                services.Screen.Output.WriteLine(ErrorListing.Line(outcome, dryRun));
            }
        }
    }

    private void Sum(bool ended)
    {
        if (asJson)
        {
            services.Screen.Output.WriteLine(ErrorJson.Write(_outcomes, dryRun));
            return;
        }

        var would = dryRun ? "would be " : "";
        string[] parts =
        [
            Part(RepairKind.SentBack, $"{would}sent back"),
            Part(RepairKind.Dropped, $"{would}dropped"),
            Part(RepairKind.Discarded, $"{would}discarded"),
            Part(RepairKind.Kept, dryRun ? "would stay" : "kept"),
        ];
        var told = string.Join(", ", parts.Where(part => part.Length > 0));
        if (told.Length > 0 || ended)
        {
            services.Screen.Output.WriteLine(told.Length == 0 ? "There is nothing of this kind in the error queues." : $"{told}.");
        }

        if (dryRun && told.Length > 0)
        {
            services.Screen.Output.WriteLine("Nothing was changed; --yes does it.");
        }

        string Part(RepairKind kind, string what) => _counts.TryGetValue(kind, out var count) ? $"{count} {what}" : "";
    }
}
