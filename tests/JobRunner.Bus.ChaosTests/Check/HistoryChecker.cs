using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>
/// What must hold of every history, whatever was broken, in the manner of Jepsen's total-queue: what went in comes out,
/// once. An end may be told twice (at-least-once), but never two different ends. Pure: it reads nothing but the history.
/// </summary>
public static class HistoryChecker
{
    /// <summary>Checks a history; empty when every rule holds.</summary>
    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryEvent> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var faults = new FaultTimes(history);
        return
        [
            .. history.OfType<JobEvent>().GroupBy(one => one.Job, StringComparer.Ordinal).SelectMany(job => CheckJob(new JobHistory(job.Key, [.. job]), faults)),
            .. history.OfType<LeftInQueue>().Select(left => new Violation(Rules.NothingLeft, "", $"{left.Queue}: {left.Reason}", [left])),
            .. WorkerRules.Check(history, faults),
        ];
    }

    private static IEnumerable<Violation> CheckJob(JobHistory job, FaultTimes faults) =>
    [
        .. EndRules.Check(job),
        .. LogRules.Check(job),
        .. StopRules.Check(job, faults),
        .. TryRules.Check(job, faults),
        .. BudgetRules.Check(job),
    ];
}
