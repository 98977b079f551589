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
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromSeconds(20);

    /// <summary>
    /// The faults of a seed, without end. Kinds come in shuffled rounds, so that a short run has nearly all of them: those that
    /// hit a worker twice, the broker once. Between rounds there is a calm, or nothing would get done.
    /// </summary>
    public static IEnumerable<PlannedFault> Of(int seed, IReadOnlyList<FaultKind> kinds)
    {
        ArgumentNullException.ThrowIfNull(kinds);
        var random = new Random(seed ^ 0x5eed);
        var calm = TimeSpan.Zero;
        while (true)
        {
            var broker = kinds.Where(HitsBroker).ToArray();
            random.Shuffle(broker);
            FaultKind[] round =
            [
                .. kinds.Where(HitsWorkers), .. kinds.Where(HitsWorkers), .. broker.Take(1),
                .. kinds.Where(kind => !HitsWorkers(kind) && !HitsBroker(kind)),
            ];
            random.Shuffle(round);
            foreach (var kind in round)
            {
                yield return new PlannedFault(
                    calm + TimeSpan.FromMilliseconds(random.Next(1000, 4500)), kind, random.Next(1000), TimeSpan.FromMilliseconds(random.Next(500, 4000)));
                calm = TimeSpan.Zero;
            }

            calm = BetweenRounds;
        }
    }

    private static bool HitsBroker(FaultKind kind) => kind is FaultKind.KillBroker or FaultKind.RestartBroker or FaultKind.LoseQueue;

    private static bool HitsWorkers(FaultKind kind) =>
        !HitsBroker(kind) && kind is not (FaultKind.DeleteQueue or FaultKind.RequestManagerDown or FaultKind.RequestManagerSlow or FaultKind.RequestManagerErrors);
}
