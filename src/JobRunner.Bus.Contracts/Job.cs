using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// One job of a chain: Spin Cycle's <c>proto.Job</c>, field for field. A JSON <c>null</c> counts as absent, as in Go.
/// </summary>
public sealed record Job
{
    /// <summary>Id of the job, unique within its request only. Spin Cycle uses 4 characters of [a-zA-Z0-9].</summary>
    public string Id { get; init => field = value ?? ""; } = "";

    /// <summary>Name given to the job in its request's specification; for people.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Names the code that runs the job, as registered with <c>AddJob&lt;T&gt;("type")</c>.</summary>
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary>What the job needs to run, written by its author's <c>Serialize</c>; base64 on the wire. Often JSON.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public byte[]? Bytes { get; init => field = value is { Length: 0 } ? null : value; }

    /// <summary>State the chain holds for the job; a runner does not read it.</summary>
    public JobState State { get; init; }

    /// <summary>Arguments the job was created with; a runner does not read them.</summary>
    [JsonIgnore]
    public JsonObject? Args { get => ArgsText?.Value; init => ArgsText = value is null ? null : new LazyObject(value); }

    /// <summary>The same, as they came.</summary>
    [JsonInclude]
    [JsonPropertyName("args")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal LazyObject? ArgsText { get; init; }

    /// <summary>The chain's copy of the job data; a runner reads <see cref="RunJob.JobData"/> instead.</summary>
    [JsonIgnore]
    public JsonObject? Data { get => DataText?.Value; init => DataText = value is null ? null : new LazyObject(value); }

    /// <summary>The same, as it came.</summary>
    [JsonInclude]
    [JsonPropertyName("data")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    internal LazyObject? DataText { get; init; }

    /// <summary>How many times to try again after the first try failed, 0 or more.</summary>
    public long Retry { get; init; }

    /// <summary>How long to wait between tries: a Go duration such as <c>"30s"</c>; absent for no wait.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RetryWait { get; init => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>
    /// How many times longer each wait is than the one before, 1 to 1000, for instance 2; absent or 0: all are <see cref="RetryWait"/>.
    /// Spin Cycle does not know this field, nor the next two.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RetryBackoff { get; init => field = value is 0 ? null : value; }

    /// <summary>No wait between tries is longer: a Go duration; absent for no such limit.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RetryWaitMax { get; init => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>
    /// The share of each wait that is left to chance, 0 to 1: with 0.2 a wait of 10 s lasts 8 s to 10 s. Absent for none. Jobs that failed
    /// together are then not tried again together.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? RetryJitter { get; init => field = value is 0 ? null : value; }

    /// <summary>Id of the first job of the sequence this job belongs to.</summary>
    public string SequenceId { get; init => field = value ?? ""; } = "";

    /// <summary>How many times the scheduler may try the sequence again; set on its first job only.</summary>
    public long SequenceRetry { get; init; }

    /// <summary>How long the scheduler waits between tries of the sequence: a Go duration.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? SequenceRetryWait { get; init => field = string.IsNullOrEmpty(value) ? null : value; }

    /// <summary>Fields this version does not know; kept where the job is passed on.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
