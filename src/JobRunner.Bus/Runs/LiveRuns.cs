using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Runs;

/// <summary>Finds the runs that live in this worker: those that are being parked, too, until the broker has them.</summary>
internal static class LiveRuns
{
    public static LiveRun? Alive(this IRunner? runner) => runner switch
    {
        LiveRun live => live,
        ParkedRun parked => parked.Sending,
        _ => null,
    };

    public static IEnumerable<LiveRun> Alive(this RunnerRepo repo) => repo.Items().Select(Alive).OfType<LiveRun>();
}
