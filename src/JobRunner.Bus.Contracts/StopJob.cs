using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Command: stop a job, or every job of a request, wherever it is. Sent to exchange <c>stop-job</c>; applies to every
/// <see cref="RunJob"/> of the job sent before it. A sender with a reply-to gets a <see cref="StopJobReply"/> from the
/// worker that held the job.
/// </summary>
public sealed record StopJob
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>Id of the job; absent or empty stops every job of the request.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? JobId { get; init; }

    /// <summary>When the stop was sent; without it the AMQP timestamp, else the time it was first seen.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>The answer of the worker that held a job to whoever asked to stop it.</summary>
public sealed record StopJobReply
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>Id of the job.</summary>
    public string JobId { get; init => field = value ?? ""; } = "";

    /// <summary>
    /// What the stop found: <c>stopped-before-start</c>, <c>stopped-while-waiting</c>, <c>stopped-while-running</c> or
    /// <c>already-finished</c> (the job ended by itself first; <see cref="FinalState"/> is its own).
    /// </summary>
    public string Outcome { get; init => field = value ?? ""; } = "";

    /// <summary>The state the run ended in.</summary>
    public JobState FinalState { get; init; }

    /// <summary>The job's own error while it was stopped; absent when there was none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>The worker that held the job.</summary>
    public string Worker { get; init => field = value ?? ""; } = "";
}
