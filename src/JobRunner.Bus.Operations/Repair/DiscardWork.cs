namespace JobRunner.Bus.Operations.Repair;

/// <summary>Removes messages of the error queues for good.</summary>
internal sealed class DiscardWork(bool dryRun)
{
    /// <summary>Does it, or only tells what it would do.</summary>
    public async Task<IReadOnlyList<RepairOutcome>> RunAsync(IErrorQueue queue, IReadOnlyList<ErrorMessage> messages)
    {
        List<RepairOutcome> outcomes = [];
        foreach (var message in messages)
        {
            if (!dryRun)
            {
                await queue.RemoveAsync(message);
            }

            outcomes.Add(new RepairOutcome(message with { Body = default }, RepairKind.Discarded, Say.Short(message.Reason)));
        }

        return outcomes;
    }
}
