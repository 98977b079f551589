using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations;

/// <summary>Answers of several workers of role Chain as one.</summary>
internal static class ChainReports
{
    /// <summary>The chains that the workers told of.</summary>
    /// <param name="reports">Their answers; <see langword="null"/> where none listens.</param>
    /// <param name="onTrouble">Told why a worker's store cannot be asked, in a line.</param>
    /// <exception cref="CommandException">Nobody answered, or none could ask its store.</exception>
    public static IReadOnlyList<ChainStatus> Known(IReadOnlyList<ChainsReport>? reports, Action<string> onTrouble)
    {
        if (reports is not { Count: > 0 })
        {
            throw new CommandException("no worker of role Chain is connected to the broker, or none answers");
        }

        foreach (var report in reports.Where(report => report.Error is not null))
        {
            onTrouble($"{Say.OneLine(report.Worker)}: {Say.OneLine(report.Error!)}");
        }

        return reports.All(report => report.Error is not null) ? throw new CommandException("no chain is known while no store can be asked") : Merge(reports);
    }

    /// <summary>Each chain once, though workers with one store all tell of it; those that run first, the newest before others.</summary>
    public static IReadOnlyList<ChainStatus> Merge(IReadOnlyList<ChainsReport>? reports) =>
    [
        .. (reports ?? []).SelectMany(report => report.Chains).DistinctBy(chain => chain.RequestId)
            .OrderBy(chain => chain.EndedAt is not null)
            .ThenByDescending(chain => chain.EndedAt ?? chain.AddedAt),
    ];
}
