using JobRunner.Bus.Cli.Rendering;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Changes error queues and tells what became of each message.</summary>
internal sealed class ErrorReport(CliServices services, bool dryRun, bool asJson)
{
    private readonly List<RepairOutcome> _outcomes = [];
    private readonly RepairTally _tally = new();

    /// <summary>Does it.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="selection">Which messages.</param>
    /// <param name="work">What to do with a batch.</param>
    /// <param name="stop">Begin no further batch.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync(IRepairBroker broker, ErrorSelection selection, BatchWork work, CancellationToken stop)
    {
        var ended = false;
        try
        {
            await new ErrorChange(broker, work, dryRun, Tell, services.Warn).RunAsync(selection, stop);
            ended = true;
        }
        finally
        {
            Sum(ended);
        }

        return _tally.Of(RepairKind.Kept) > 0 ? ExitCodes.Failed : ExitCodes.Success;
    }

    private void Tell(IReadOnlyList<RepairOutcome> outcomes)
    {
        _tally.Add(outcomes);
        if (asJson)
        {
            _outcomes.AddRange(outcomes);
            return;
        }

        foreach (var outcome in outcomes)
        {
            services.Screen.Output.WriteLine(ErrorListing.Line(outcome, dryRun));
        }
    }

    private void Sum(bool ended)
    {
        if (asJson)
        {
            services.Screen.Output.WriteLine(ErrorJson.Write(_outcomes, dryRun));
            return;
        }

        var told = Say.Outcomes(_tally, dryRun);
        if (told.Length > 0 || ended)
        {
            services.Screen.Output.WriteLine(told.Length == 0 ? "There is nothing of this kind in the error queues." : $"{told}.");
        }

        if (dryRun && told.Length > 0)
        {
            services.Screen.Output.WriteLine("Nothing was changed; --yes does it.");
        }
    }
}
