using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Request: tell what runs and waits. Sent to exchange <c>get-runner-status</c> with a reply-to; every worker answers
/// with one <see cref="RunnerStatus"/> message per runner it holds.
/// </summary>
public sealed record GetRunnerStatus
{
    /// <summary>Only runners of this request; absent or empty for all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequestId { get; init; }

    /// <summary>Only this job of the request; absent or empty for all.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? JobId { get; init; }

    /// <summary>Whether each worker is to end its answer with a <see cref="WorkerStatus"/>, also one that holds no runner.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Summary { get; init; }

    /// <summary>
    /// Whether a worker may answer with <see cref="RunnerStatuses"/>, many runners in one message. A worker of an earlier version does not.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Together { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>
/// Live status of one runner: Spin Cycle's <c>proto.JobStatus</c>, plus <see cref="Sleeping"/> and <see cref="Worker"/>.
/// </summary>
public sealed record RunnerStatus
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>Id of the job.</summary>
    public string JobId { get; init => field = value ?? ""; } = "";

    /// <summary>Type of the job.</summary>
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary>Name of the job.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>When the runner was made, Unix nanoseconds; set once.</summary>
    public long StartedAt { get; init; }

    /// <summary>Usually RUNNING; PENDING while the first try has not started.</summary>
    public JobState State { get; init; }

    /// <summary>The job's own status text; prefixed "(retry sleep) " while waiting between tries.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Status { get; init => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>Number of the try over all runs of the job; the next one's while waiting.</summary>
    public long Try { get; init; }

    /// <summary>Whether the runner waits between two tries.</summary>
    public bool Sleeping { get; init; }

    /// <summary>The worker that holds the runner: host, process id and a part that differs per start.</summary>
    public string Worker { get; init => field = value ?? ""; } = "";

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>
/// Live status of several runners of one worker: the answer to a <see cref="GetRunnerStatus"/> that asked for them together. Told from
/// <see cref="RunnerStatus"/> by the AMQP property <c>type</c>.
/// </summary>
public sealed record RunnerStatuses
{
    /// <summary>The runners.</summary>
    public IReadOnlyList<RunnerStatus> Runners { get; init => field = value ?? []; } = [];

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
