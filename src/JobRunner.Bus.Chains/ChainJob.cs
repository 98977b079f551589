using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains;

/// <summary>How one job of a chain stands.</summary>
public sealed record ChainJob
{
    /// <summary>PENDING until its command is due to be sent, RUNNING until its result is in, then how it ended.</summary>
    public JobState State { get; init; } = JobState.Pending;

    /// <summary>Tries of the current try of its sequence that are used up.</summary>
    public long PrevTries { get; init; }

    /// <summary>Highest try number logged.</summary>
    public long TotalTries { get; init; }

    /// <summary>How many times the sequence was tried that this job starts; 0 for a job that starts none.</summary>
    public long SequenceTries { get; init; }

    /// <summary>When the command of the last run was sent, or while the job waits, when its wait began; tells one run of the job from another.</summary>
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>The command is sent only then, though the job is RUNNING: a sequence that is tried again waits first.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The data the job is handed, and after a run the data it left. Never changed, only replaced.</summary>
    public JsonObject Data { get; init; } = [];

    /// <summary>Why the last run ended without a try of its own.</summary>
    public string? Error { get; init; }

    /// <summary>Whether the job is in the run whose command says this time.</summary>
    public bool IsInRun(DateTimeOffset sentAt) => State == JobState.Running && SentAt.GetValueOrDefault() == sentAt;

    /// <summary>Whether the command is still to be sent.</summary>
    [JsonIgnore]
    public bool IsWaiting => State == JobState.Running && DueAt is not null;

    /// <summary>Whether the job ended in any other way than COMPLETE or STOPPED.</summary>
    [JsonIgnore]
    public bool Failed => State is not (JobState.Pending or JobState.Running or JobState.Complete or JobState.Stopped);
}
