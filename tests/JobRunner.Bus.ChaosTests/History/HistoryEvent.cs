using System.Text.Json.Serialization;

namespace JobRunner.Bus.ChaosTests.History;

/// <summary>Something that was seen from outside. All times are of one machine's clock.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "what")]
[JsonDerivedType(typeof(RunSent), "run-sent")]
[JsonDerivedType(typeof(StopSent), "stop-sent")]
[JsonDerivedType(typeof(StopAnswered), "stop-answered")]
[JsonDerivedType(typeof(TryStarted), "try-started")]
[JsonDerivedType(typeof(TryEnded), "try-ended")]
[JsonDerivedType(typeof(LogPublished), "log-published")]
[JsonDerivedType(typeof(LogPosted), "log-posted")]
[JsonDerivedType(typeof(LogStored), "log-stored")]
[JsonDerivedType(typeof(JobEnded), "job-ended")]
[JsonDerivedType(typeof(FaultInjected), "fault")]
[JsonDerivedType(typeof(FaultMended), "fault-mended")]
[JsonDerivedType(typeof(RunsAbandoned), "runs-abandoned")]
[JsonDerivedType(typeof(WorkerDrained), "worker-drained")]
[JsonDerivedType(typeof(LeftInQueue), "left-in-queue")]
[JsonDerivedType(typeof(QueueDeleted), "queue-deleted")]
[JsonDerivedType(typeof(QueueBack), "queue-back")]
public abstract record HistoryEvent(DateTimeOffset At);

/// <summary>Something about one job.</summary>
public abstract record JobEvent(DateTimeOffset At, string Job) : HistoryEvent(At);

/// <summary>A command was sent, and the broker has confirmed it.</summary>
/// <param name="At">When it says that it was sent.</param>
/// <param name="Job">Which job.</param>
/// <param name="Run">1 for the first run of a job; each resume is one more. It travels in the job data.</param>
/// <param name="Retry">The job's retry budget.</param>
/// <param name="Fails">How many tries that run to their end fail before one passes.</param>
/// <param name="PrevTries">The counter sent.</param>
/// <param name="TotalTries">The counter sent.</param>
public sealed record RunSent(DateTimeOffset At, string Job, int Run, int Retry, int Fails, long PrevTries = 0, long TotalTries = 0) : JobEvent(At, Job);

/// <summary>A stop was sent, and the broker has confirmed it.</summary>
public sealed record StopSent(DateTimeOffset At, string Job) : JobEvent(At, Job);

/// <summary>A stop was answered: by then the job has stopped.</summary>
/// <param name="At">When the answer was read.</param>
/// <param name="Job">Which job.</param>
/// <param name="SentAt">When the stop said that it was sent.</param>
/// <param name="Outcome">What the stop found.</param>
/// <param name="FinalState">State the run ended in, Spin Cycle's number.</param>
public sealed record StopAnswered(DateTimeOffset At, string Job, DateTimeOffset SentAt, string Outcome, int FinalState) : JobEvent(At, Job);

/// <summary>A try's own code has begun and said so.</summary>
/// <param name="At">When, by its worker.</param>
/// <param name="Job">Whose.</param>
/// <param name="Run">Of which run.</param>
/// <param name="Try">Its number.</param>
/// <param name="Worker">The worker process.</param>
public sealed record TryStarted(DateTimeOffset At, string Job, int Run, long Try, string Worker) : JobEvent(At, Job);

/// <summary>A try's own code has ended, or hangs on nothing any more.</summary>
/// <param name="At">When it was seen.</param>
/// <param name="Job">Whose.</param>
/// <param name="Run">Of which run.</param>
/// <param name="Try">Its number.</param>
/// <param name="Worker">The worker process.</param>
/// <param name="CutShort">Whether it was stopped, or its worker died.</param>
public sealed record TryEnded(DateTimeOffset At, string Job, int Run, long Try, string Worker, bool CutShort) : JobEvent(At, Job);

/// <summary>A job log, wherever it was seen.</summary>
/// <param name="At">When it was seen.</param>
/// <param name="Job">Whose.</param>
/// <param name="Try">Its number.</param>
/// <param name="State">Its state, Spin Cycle's number.</param>
/// <param name="Content">What else it says, in short.</param>
public abstract record LogEvent(DateTimeOffset At, string Job, long Try, int State, string Content) : JobEvent(At, Job);

/// <summary>The broker has accepted a job log.</summary>
public sealed record LogPublished(DateTimeOffset At, string Job, long Try, int State, string Content) : LogEvent(At, Job, Try, State, Content);

/// <summary>A job log came to the Request Manager, whatever that answered.</summary>
public sealed record LogPosted(DateTimeOffset At, string Job, long Try, int State, string Content) : LogEvent(At, Job, Try, State, Content);

/// <summary>The Request Manager holds a job log in the end.</summary>
public sealed record LogStored(DateTimeOffset At, string Job, long Try, int State, string Content) : LogEvent(At, Job, Try, State, Content);

/// <summary>A scheduler was told of an end.</summary>
/// <param name="At">When it was seen.</param>
/// <param name="Job">Whose.</param>
/// <param name="Run">Of which run, by its job data.</param>
/// <param name="FinalState">Spin Cycle's number.</param>
/// <param name="PrevTries">The counter told.</param>
/// <param name="TotalTries">The counter told.</param>
/// <param name="Done">How many tries ran to their end, counted by the job in its data.</param>
/// <param name="Body">All of it.</param>
public sealed record JobEnded(
    DateTimeOffset At, string Job, int Run, int FinalState, long PrevTries, long TotalTries, int Done, string Body) : JobEvent(At, Job);

/// <summary>Something was broken on purpose.</summary>
/// <param name="At">When, just before.</param>
/// <param name="Kind">What was done.</param>
/// <param name="Worker">The worker process that was hit; none for the broker and the Request Manager.</param>
public sealed record FaultInjected(DateTimeOffset At, string Kind, string? Worker) : HistoryEvent(At);

/// <summary>What was broken is whole again.</summary>
public sealed record FaultMended(DateTimeOffset At, string Kind, string? Worker) : HistoryEvent(At);

/// <summary>A worker says that it has given its runs up, being out of contact for a lease.</summary>
public sealed record RunsAbandoned(DateTimeOffset At, string Worker, int Runs) : HistoryEvent(At);

/// <summary>A worker has ended after SIGTERM.</summary>
public sealed record WorkerDrained(DateTimeOffset At, string Worker, int ExitCode) : HistoryEvent(At);

/// <summary>An empty queue was deleted.</summary>
public sealed record QueueDeleted(DateTimeOffset At, string Queue) : HistoryEvent(At);

/// <summary>A deleted queue that workers need is there again.</summary>
public sealed record QueueBack(DateTimeOffset At, string Queue) : HistoryEvent(At);

/// <summary>A message was left where none should be, at the end.</summary>
public sealed record LeftInQueue(DateTimeOffset At, string Queue, string Reason) : HistoryEvent(At);
