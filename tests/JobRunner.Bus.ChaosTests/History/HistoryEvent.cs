using System.Text.Json.Serialization;

namespace JobRunner.Bus.ChaosTests.History;

/// <summary>Something that was seen from outside, in the order it was seen. Times are the test's own clock.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "what")]
[JsonDerivedType(typeof(RunSent), "run-sent")]
[JsonDerivedType(typeof(StopSent), "stop-sent")]
[JsonDerivedType(typeof(StopAnswered), "stop-answered")]
[JsonDerivedType(typeof(TryStarted), "try-started")]
[JsonDerivedType(typeof(LogPublished), "log-published")]
[JsonDerivedType(typeof(LogStored), "log-stored")]
[JsonDerivedType(typeof(JobEnded), "job-ended")]
[JsonDerivedType(typeof(FaultInjected), "fault")]
[JsonDerivedType(typeof(LeftInErrorQueue), "left-in-error-queue")]
public abstract record HistoryEvent(DateTimeOffset At);

/// <summary>The broker has confirmed a command. A job has at most two runs, of which the second is a resume.</summary>
/// <param name="At">When.</param>
/// <param name="Job">Which job.</param>
/// <param name="Run">1, or 2 for the resume.</param>
/// <param name="MustComplete">Whether its budget is enough for the tries that fail: nothing but a stop may keep it from COMPLETE.</param>
public sealed record RunSent(DateTimeOffset At, string Job, int Run, bool MustComplete) : HistoryEvent(At);

/// <summary>A stop was sent.</summary>
public sealed record StopSent(DateTimeOffset At, string Job) : HistoryEvent(At);

/// <summary>A stop was answered: by then the job has stopped.</summary>
public sealed record StopAnswered(DateTimeOffset At, string Job, string Outcome) : HistoryEvent(At);

/// <summary>A try's own code has begun and said so.</summary>
public sealed record TryStarted(DateTimeOffset At, string Job) : HistoryEvent(At);

/// <summary>The broker has accepted a job log.</summary>
/// <param name="At">When it was seen.</param>
/// <param name="Job">Whose.</param>
/// <param name="Try">Its number.</param>
/// <param name="State">Its state, Spin Cycle's number.</param>
/// <param name="StartedAt">When the try started, by its worker; 0 for none.</param>
/// <param name="Body">The log as it was published.</param>
public sealed record LogPublished(DateTimeOffset At, string Job, long Try, int State, long StartedAt, string Body) : HistoryEvent(At);

/// <summary>The Request Manager holds a job log.</summary>
public sealed record LogStored(DateTimeOffset At, string Job, long Try) : HistoryEvent(At);

/// <summary>A scheduler was told of an end.</summary>
public sealed record JobEnded(DateTimeOffset At, string Job, int FinalState, long TotalTries, string Body) : HistoryEvent(At);

/// <summary>Something was broken on purpose.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What was done.</param>
/// <param name="TriesUnderWay">Tries that had started and had no accepted log: each may be run again.</param>
public sealed record FaultInjected(DateTimeOffset At, string Kind, int TriesUnderWay) : HistoryEvent(At);

/// <summary>A message rested in an error queue at the end.</summary>
public sealed record LeftInErrorQueue(DateTimeOffset At, string Queue, string Reason) : HistoryEvent(At);
