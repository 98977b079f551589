using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>Event: the run that a <see cref="RunJob"/> asked for has ended. Published to exchange <c>job-finished</c>.</summary>
public sealed record JobFinished
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>Id of the job.</summary>
    public string JobId { get; init => field = value ?? ""; } = "";

    /// <summary>State the run ended in: COMPLETE, FAIL, STOPPED, or what the job's last try returned.</summary>
    public JobState FinalState { get; init; }

    /// <summary>
    /// Tries of this run, not previous ones. As in Spin Cycle, a run stopped before a try or while waiting for it counts
    /// that try: <see cref="PrevTries"/> already has it subtracted.
    /// </summary>
    public long Tries { get; init; }

    /// <summary>The job data as the last try left it.</summary>
    [JsonIgnore]
    public JsonObject JobData { get => JobDataText.Value; init => JobDataText = value is null ? LazyObject.Empty() : new LazyObject(value); }

    /// <summary>The same, as it came.</summary>
    [JsonInclude]
    [JsonPropertyName("jobData")]
    internal LazyObject JobDataText { get; init => field = value ?? LazyObject.Empty(); } = LazyObject.Empty();

    /// <summary>What to send as <see cref="RunJob.PrevTries"/> to resume the job.</summary>
    public long PrevTries { get; init; }

    /// <summary>What to send as <see cref="RunJob.TotalTries"/> to resume the job: the highest try number logged.</summary>
    public long TotalTries { get; init; }

    /// <summary>Why the run ended without a try of its own, for instance a refused command; absent otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
