using System.Text.Json.Serialization;

namespace JobRunner.Bus.Chains;

/// <summary>What is to be done because of something that happened to a chain. Doing it twice is harmless.</summary>
[JsonDerivedType(typeof(SendJob), "send")]
[JsonDerivedType(typeof(AwaitJob), "await")]
[JsonDerivedType(typeof(StopJobs), "stop")]
[JsonDerivedType(typeof(TellEnd), "end")]
public abstract record ChainEffect;

/// <summary>Send the job's command, <see cref="ChainState.CommandOf"/>.</summary>
/// <param name="JobId">The job.</param>
/// <param name="SentAt">Which of its runs: a run that is over or under way by another command is not sent any more.</param>
public sealed record SendJob(string JobId, DateTimeOffset SentAt) : ChainEffect;

/// <summary>Tell <see cref="ChainRules.Due"/> at that time.</summary>
/// <param name="JobId">The job that waits for the next try of the sequence it starts.</param>
/// <param name="SentAt">Which of its waits.</param>
/// <param name="DueAt">When.</param>
public sealed record AwaitJob(string JobId, DateTimeOffset SentAt, DateTimeOffset DueAt) : ChainEffect;

/// <summary>Tell every worker to stop the jobs of the request.</summary>
/// <param name="SentAt">When it was decided: applies to every command sent before.</param>
public sealed record StopJobs(DateTimeOffset SentAt) : ChainEffect;

/// <summary>Tell that the chain has ended.</summary>
public sealed record TellEnd : ChainEffect;

/// <summary>A chain after something happened to it.</summary>
/// <param name="State">How it stands now; the same object as before if nothing follows and nothing changed.</param>
/// <param name="Changed">Places of the jobs that stand otherwise than before.</param>
/// <param name="Effects">What is to be done, in this order.</param>
public sealed record ChainStep(ChainState State, IReadOnlyCollection<int> Changed, IReadOnlyList<ChainEffect> Effects);
