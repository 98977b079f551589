using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Command: run one job, from the try its counters name. Sent to exchange <c>run-job</c>; answered by one
/// <see cref="JobLogRecorded"/> per try and one <see cref="JobFinished"/>.
/// </summary>
public sealed record RunJob
{
    /// <summary>Id of the request the job belongs to. Spin Cycle uses an xid: 20 characters of [0-9a-v].</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>The job to run.</summary>
    public Job Job { get; init => field = value ?? new Job(); } = new();

    /// <summary>Data handed on from the jobs before this one; the job reads and changes it.</summary>
    [JsonIgnore]
    public JsonObject JobData { get => JobDataText.Value; init => JobDataText = value is null ? LazyObject.Empty() : new LazyObject(value); }

    /// <summary>The same, as it came.</summary>
    [JsonInclude]
    [JsonPropertyName("jobData")]
    internal LazyObject JobDataText { get; init => field = value ?? LazyObject.Empty(); } = LazyObject.Empty();

    /// <summary>
    /// Tries of the current sequence that earlier runs used up, 0 to 1 + <see cref="Job.Retry"/>. This run's first try
    /// is number 1 + prevTries of the sequence.
    /// </summary>
    public long PrevTries { get; init; }

    /// <summary>
    /// Highest <see cref="JobLogRecorded.Try"/> ever logged for this job, 0 for a new one. This run's first log is
    /// number 1 + totalTries.
    /// </summary>
    public long TotalTries { get; init; }

    /// <summary>
    /// When the scheduler sent the command. A stop applies to commands sent before it; a resume must say when it was
    /// sent, here or in the AMQP timestamp property.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>How long one try may take: a Go duration; absent or empty for no limit. A try that takes longer fails.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Timeout { get; init; }

    /// <summary>
    /// How long a try may go without reporting a status: a Go duration; absent or empty for no limit. A try that is silent for longer is
    /// taken for hung, told to stop, and has failed.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Heartbeat { get; init => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>Fields this version does not know; kept where the command is passed on.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
