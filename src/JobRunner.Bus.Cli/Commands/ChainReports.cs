using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>Answers of several workers as one.</summary>
internal static class ChainReports
{
    /// <summary>Each chain once, though workers with one store all tell of it; those that run first, the newest before others.</summary>
    public static IReadOnlyList<ChainStatus> Merge(IReadOnlyList<ChainsReport>? reports) =>
    [
        .. (reports ?? []).SelectMany(report => report.Chains).DistinctBy(chain => chain.RequestId)
            .OrderBy(chain => chain.EndedAt is not null)
            .ThenByDescending(chain => chain.EndedAt ?? chain.AddedAt),
    ];
}
