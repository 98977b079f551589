using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests.Check;

/// <summary>All that was seen of one job.</summary>
internal sealed class JobHistory(string job, IReadOnlyList<JobEvent> events)
{
    public string Job => job;

    /// <summary>Its runs, in the order they were sent.</summary>
    public IReadOnlyList<RunSent> Runs { get; } = [.. events.OfType<RunSent>().OrderBy(run => run.Run)];

    public IReadOnlyList<StopSent> Stops { get; } = [.. events.OfType<StopSent>()];

    public IReadOnlyList<StopAnswered> Answers { get; } = [.. events.OfType<StopAnswered>()];

    public IReadOnlyList<TryStarted> Starts { get; } = [.. events.OfType<TryStarted>().OrderBy(start => start.At)];

    public IReadOnlyList<JobEnded> Ends { get; } = [.. events.OfType<JobEnded>()];

    /// <summary>Its logs, wherever they were seen.</summary>
    public IReadOnlyList<LogEvent> Logs { get; } = [.. events.OfType<LogEvent>()];

    /// <summary>One log per number, as the Request Manager holds it.</summary>
    public IReadOnlyList<LogStored> Rows { get; } = [.. events.OfType<LogStored>().OrderBy(log => log.Try)];

    /// <summary>When this very start of a try ended; none if nobody saw it.</summary>
    public TryEnded? EndOf(TryStarted start) => events.OfType<TryEnded>()
        .Where(end => end.Worker == start.Worker && end.Try == start.Try && end.Run == start.Run && end.At >= start.At)
        .OrderBy(end => end.At).FirstOrDefault();

    /// <summary>The run that a stop sent then is meant for: the last one sent before it. 0 for none.</summary>
    public int RunStoppedAt(DateTimeOffset stop) => Runs.LastOrDefault(run => run.At <= stop)?.Run ?? 0;
}
