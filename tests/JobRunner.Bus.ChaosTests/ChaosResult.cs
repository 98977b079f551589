using System.Globalization;
using JobRunner.Bus.ChaosTests.Check;
using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests;

/// <summary>What came of a run.</summary>
/// <param name="Events">All that was seen.</param>
/// <param name="Violations">Rules that did not hold.</param>
public sealed record ChaosResult(IReadOnlyList<HistoryEvent> Events, IReadOnlyList<Violation> Violations)
{
    /// <summary>Figures, for people.</summary>
    public string Summary()
    {
        var runs = Events.OfType<RunSent>().ToList();
        var ends = Events.OfType<JobEnded>().ToList();
        var starts = Events.OfType<TryStarted>().ToList();
        var states = ends.DistinctBy(end => (end.Job, end.Run)).CountBy(end => end.FinalState).ToDictionary();
        return string.Create(CultureInfo.InvariantCulture, $"""
            jobs {runs.Count(run => run.Run == 1)}, resumes {runs.Count(run => run.Run > 1)}; runs COMPLETE {states.GetValueOrDefault(3)}, FAIL {states.GetValueOrDefault(4)}, STOPPED {states.GetValueOrDefault(6)}; ends told again {ends.Count - ends.DistinctBy(end => (end.Job, end.Body)).Count()}
            tries {starts.Count}, of them run again {starts.Count - starts.DistinctBy(start => (start.Job, start.Try)).Count()}, without an accepted log when their worker was hit {UnderWayAtFaults()}; runs abandoned by workers {Events.OfType<RunsAbandoned>().Sum(given => given.Runs)}
            logs stored {Events.OfType<LogStored>().Count()}, posted {Events.OfType<LogPosted>().Count()}
            stops {Events.OfType<StopSent>().Count()}, answered {Events.OfType<StopAnswered>().Count()}; answer after (p50, p99): {string.Join(", ", StopLatencies())}
            faults {Events.OfType<FaultInjected>().Count()}: {string.Join(", ", Events.OfType<FaultInjected>().CountBy(fault => fault.Kind).OrderBy(kind => kind.Key, StringComparer.Ordinal).Select(kind => $"{kind.Key} {kind.Value}"))}
            violations {Violations.Count}
            """);
    }

    /// <summary>What there is to read of the jobs of the first few violations: the faults, all that was seen of them, and what the workers logged.</summary>
    public string Account(string workerLogs)
    {
        var faults = Events.Where(one => one is FaultInjected or FaultMended).Select(Recording.LineOf);
        var jobs = Violations.Select(violation => violation.Job).Where(job => job.Length > 0).Distinct().Take(3).ToList();
        return string.Join('\n', [.. faults, .. jobs.SelectMany(job => Lines(workerLogs, job).Prepend($"job {job}:")), .. LastWords(workerLogs)]);
    }

    /// <summary>The last lines of workers that a drain did not end well.</summary>
    private IEnumerable<string> LastWords(string workerLogs) =>
        from drained in Events.OfType<WorkerDrained>()
        where drained.ExitCode != 0
        from line in File.ReadLines(Path.Combine(workerLogs, drained.Worker + ".log")).TakeLast(40).Prepend("last said:")
        select $"{drained.Worker} {line}";

    private IEnumerable<string> Lines(string workerLogs, string job) =>
        Events.OfType<JobEvent>().Where(one => one.Job == job).Select(Recording.LineOf).Concat(
            from file in Directory.GetFiles(workerLogs, "*.log").Order(StringComparer.Ordinal)
            from line in File.ReadLines(file)
            where line.Contains($"JobId:{job} ", StringComparison.Ordinal) || line.Contains($"job {job}:", StringComparison.Ordinal)
                || line.Contains("[1126]", StringComparison.Ordinal) || line.Contains("[1204]", StringComparison.Ordinal) || line.Contains("[1220]", StringComparison.Ordinal)
            select $"{Path.GetFileNameWithoutExtension(file)} {line}");

    /// <summary>Tries whose log was not accepted yet when their worker was hit by a fault that can take them away, or abandoned them.</summary>
    public int UnderWayAtFaults()
    {
        var logged = Events.OfType<LogPublished>().ToLookup(log => (log.Job, log.Try), log => log.At);
        var lost = Events.OfType<FaultInjected>().Where(fault => FaultTimes.CanTakeRuns(fault.Kind)).Select(fault => (fault.Worker, fault.At))
            .Concat(Events.OfType<RunsAbandoned>().Select(given => ((string?)given.Worker, given.At)))
            .ToLookup(hit => hit.Item1, hit => hit.At);
        return Events.OfType<TryStarted>().Count(start => lost[start.Worker].Any(at =>
            at >= start.At && !logged[(start.Job, start.Try)].Any(accepted => accepted < at)));
    }

    /// <summary>What stops found, and after how long they were answered. One that is queued is answered when a worker comes to it.</summary>
    private IEnumerable<string> StopLatencies() => Events.OfType<StopAnswered>()
        .GroupBy(answer => answer.Outcome, answer => (answer.At - answer.SentAt).TotalMilliseconds)
        .OrderBy(found => found.Key, StringComparer.Ordinal)
        .Select(found =>
        {
            var sorted = found.Order().ToList();
            return string.Create(CultureInfo.InvariantCulture, $"{found.Key} {sorted.Count} ({At(sorted, 0.5):f0} ms, {At(sorted, 0.99):f0} ms)");
        });

    private static double At(List<double> sorted, double part) => sorted[(int)((sorted.Count - 1) * part)];
}
