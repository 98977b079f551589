namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>One thing to break.</summary>
/// <param name="Pause">Time since the one before it.</param>
/// <param name="Kind">What.</param>
/// <param name="Worker">Which worker, for those that hit one.</param>
/// <param name="Lasts">How long, for those that last.</param>
public sealed record PlannedFault(TimeSpan Pause, FaultKind Kind, int Worker, TimeSpan Lasts);

/// <summary>What is broken when: all of it follows from the seed.</summary>
public static class FaultPlan
{
    /// <summary>The faults of a seed, without end. Kinds come in shuffled rounds, so that a short run has all of them.</summary>
    public static IEnumerable<PlannedFault> Of(int seed, IReadOnlyList<FaultKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(kinds);
        var random = new Random(seed ^ 0x5eed);
        while (true)
        {
            FaultKind[] round = [.. kinds.SelectMany(kind => Enumerable.Repeat(kind, HitsWorkers(kind) ? 2 : 1))];
            random.Shuffle(round);
            foreach (var kind in round)
            {
                yield return new PlannedFault(
                    TimeSpan.FromMilliseconds(random.Next(500, 3500)), kind, random.Next(1000), TimeSpan.FromMilliseconds(random.Next(500, 4000)));
            }
        }
    }

    private static bool HitsWorkers(FaultKind kind) =>
        kind is not (FaultKind.KillBroker or FaultKind.RestartBroker or FaultKind.RequestManagerDown or FaultKind.RequestManagerSlow or FaultKind.RequestManagerErrors);
}
