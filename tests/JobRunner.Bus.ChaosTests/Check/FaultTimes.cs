using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>What was broken when, as far as it excuses something.</summary>
internal sealed class FaultTimes
{
    // A worker that wakes up takes a moment to see that it slept.
    private static readonly TimeSpan WakingUp = TimeSpan.FromSeconds(1);

    // Kinds that may take runs away from a worker. A cut connection does not: the worker is back within its lease. Nor does
    // an orderly drain: each of its tries leaves a log.
    private static readonly string[] TakesRuns = ["KillWorker", "PauseWorker", "SwallowLink", "StallLink"];

    // A lease, and time to come back.
    private static readonly TimeSpan TimeToNotice = TimeSpan.FromSeconds(10);

    private static bool HitsLinks(string kind) => kind != "SkewClock" && !kind.StartsWith("RequestManager", StringComparison.Ordinal);

    private readonly ILookup<string, (string Kind, DateTimeOffset From, DateTimeOffset To)> _of;
    private readonly ILookup<string, DateTimeOffset> _abandoned;

    public FaultTimes(IReadOnlyList<HistoryEvent> history)
    {
        var mended = history.OfType<FaultMended>().ToLookup(mend => (mend.Kind, mend.Worker));
        _of = history.OfType<FaultInjected>().ToLookup(
            fault => fault.Worker ?? "",
            fault => (fault.Kind, fault.At, mended[(fault.Kind, fault.Worker)].Where(mend => mend.At >= fault.At)
                .Select(mend => mend.At).DefaultIfEmpty(DateTimeOffset.MaxValue).Min()));
        _abandoned = history.OfType<RunsAbandoned>().ToLookup(runs => runs.Worker, runs => runs.At);
    }

    public static bool CanTakeRuns(string kind) => TakesRuns.Contains(kind);

    /// <summary>Whether a try that this worker began may have had to be begun again by then.</summary>
    public bool TookRuns(string worker, DateTimeOffset from, DateTimeOffset to) =>
        _of[worker].Any(fault => TakesRuns.Contains(fault.Kind) && fault.From <= to && fault.To >= from)
        || _abandoned[worker].Any(at => at >= from && at <= to);

    /// <summary>Whether this worker was paused at that time, or had just been: it cannot know then what others do.</summary>
    public bool Slept(string worker, DateTimeOffset at) =>
        _of[worker].Any(fault => fault.Kind == "PauseWorker" && fault.From <= at && (fault.To == DateTimeOffset.MaxValue || fault.To + WakingUp >= at));

    /// <summary>Whether this worker may have been without the broker shortly before that time.</summary>
    public bool CutOff(string worker, DateTimeOffset at) =>
        _of[""].Concat(_of[worker]).Any(fault => HitsLinks(fault.Kind) && fault.From <= at && (fault.To == DateTimeOffset.MaxValue || fault.To + TimeToNotice >= at));

    /// <summary>Whether anything that a stop has to go through was broken: the broker, or this worker.</summary>
    public bool Hindered(string worker, DateTimeOffset from, DateTimeOffset to) =>
        _of[""].Concat(_of[worker]).Any(fault => HitsLinks(fault.Kind) && fault.From <= to && fault.To >= from);
}
