using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>
/// What must hold of every history, whatever was broken, in the manner of Jepsen's total-queue: what went in comes out,
/// once. An end may be told twice (at-least-once), but never two different ends.
/// </summary>
public static class HistoryChecker
{
    public const string OneEnd = "every run has exactly one end";
    public const string LogNumbers = "logs are numbered 1 to n without gap or repeat";
    public const string NoLogLost = "no accepted log is missing at the Request Manager";
    public const string NoTryAfterStop = "no try starts after its stop was answered";
    public const string TriesTwice = "tries run twice are no more than tries under way at faults";
    public const string BudgetKept = "faults use up no budget";
    public const string NothingLeft = "nothing rests in an error queue";

    private const int Complete = 3;
    private const int Stopped = 6;

    // A try says that it has begun over HTTP: the word can be this late.
    private static readonly TimeSpan WordOfMouth = TimeSpan.FromMilliseconds(250);

    public static IReadOnlyList<Violation> Check(IReadOnlyList<HistoryEvent> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var jobs = history.Where(one => JobOf(one) is not null).GroupBy(one => JobOf(one)!, StringComparer.Ordinal);
        return
        [
            .. jobs.SelectMany(job => CheckJob(job.Key, [.. job])),
            .. CheckTriesTwice(history),
            .. history.OfType<LeftInErrorQueue>().Select(left => new Violation(NothingLeft, "", $"{left.Queue}: {left.Reason}", [left])),
        ];
    }

    /// <summary>How many tries ran without leaving a log.</summary>
    public static int TriesWithoutLog(IReadOnlyList<HistoryEvent> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var logged = history.OfType<LogPublished>().Where(log => log.StartedAt > 0).Select(log => (log.Job, log.Try)).Distinct()
            .GroupBy(log => log.Job, StringComparer.Ordinal).ToDictionary(job => job.Key, job => job.Count(), StringComparer.Ordinal);
        return history.OfType<TryStarted>().GroupBy(one => one.Job, StringComparer.Ordinal)
            .Sum(job => Math.Max(0, job.Count() - logged.GetValueOrDefault(job.Key)));
    }

    private static IEnumerable<Violation> CheckJob(string job, List<HistoryEvent> events)
    {
        var runs = events.OfType<RunSent>().ToList();
        var ends = events.OfType<JobEnded>().ToList();
        var distinct = ends.DistinctBy(end => end.Body).ToList();
        if (distinct.Count != runs.Count)
        {
            yield return new Violation(
                OneEnd, job, $"{runs.Count} runs were sent, and {distinct.Count} different ends were told", [.. runs, .. distinct]);
        }

        var stops = events.OfType<StopSent>().ToList();
        foreach (var end in distinct.Where(end => end.FinalState != Complete && !(end.FinalState == Stopped && stops.Count > 0) && runs.Exists(run => run.MustComplete)))
        {
            yield return new Violation(BudgetKept, job, $"it had tries enough and ended with state {end.FinalState}", [.. runs, .. stops, end]);
        }

        var logs = events.OfType<LogPublished>().ToList();
        foreach (var same in logs.GroupBy(log => log.Try).Where(same => same.DistinctBy(log => log.Body).Count() > 1))
        {
            yield return new Violation(LogNumbers, job, $"log {same.Key} was published with different contents", [.. same]);
        }

        var numbers = logs.Select(log => log.Try).Distinct().Order().ToList();
        var tries = ends.Count == 0 ? 0 : ends.Max(end => end.TotalTries);
        if (ends.Count > 0 && (numbers.Count != tries || numbers.Where((number, index) => number != index + 1).Any()))
        {
            yield return new Violation(
                LogNumbers, job, $"it ended after {tries} tries and has the logs {string.Join(", ", numbers)}", [.. logs, .. distinct]);
        }

        var stored = events.OfType<LogStored>().Select(log => log.Try).ToHashSet();
        foreach (var log in logs.Where(log => !stored.Contains(log.Try)).DistinctBy(log => log.Try))
        {
            yield return new Violation(NoLogLost, job, $"log {log.Try} was accepted by the broker and is not there", [log]);
        }

        foreach (var answer in events.OfType<StopAnswered>())
        {
            if (runs.Exists(run => run.Run > 1 && run.At <= answer.At))
            {
                // Overtaken by the resume: its tries are none of this stop's.
                continue;
            }

            var resumed = runs.Where(run => run.At > answer.At).Select(run => run.At).DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
            foreach (var late in events.OfType<TryStarted>().Where(start => start.At > answer.At + WordOfMouth && start.At < resumed))
            {
                yield return new Violation(NoTryAfterStop, job, $"a try started {(late.At - answer.At).TotalMilliseconds:f0} ms after it", [answer, late]);
            }
        }
    }

    private static IEnumerable<Violation> CheckTriesTwice(IReadOnlyList<HistoryEvent> history)
    {
        var twice = TriesWithoutLog(history);
        var faults = history.OfType<FaultInjected>().ToList();
        var allowed = faults.Sum(fault => fault.TriesUnderWay);
        if (twice > allowed)
        {
            yield return new Violation(TriesTwice, "", $"{twice} tries left no log, and {allowed} were under way at faults", [.. faults]);
        }
    }

    private static string? JobOf(HistoryEvent one) => one switch
    {
        RunSent sent => sent.Job,
        StopSent stop => stop.Job,
        StopAnswered answer => answer.Job,
        TryStarted started => started.Job,
        LogPublished log => log.Job,
        LogStored log => log.Job,
        JobEnded end => end.Job,
        _ => null,
    };
}
