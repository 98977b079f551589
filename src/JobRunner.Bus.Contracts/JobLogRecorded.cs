using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Event: the log of one try, Spin Cycle's <c>proto.JobLog</c>, field for field. <see cref="RequestId"/>,
/// <see cref="JobId"/> and <see cref="Try"/> are the primary key of the Request Manager's table.
/// </summary>
public sealed record JobLogRecorded
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>Id of the job.</summary>
    public string JobId { get; init => field = value ?? ""; } = "";

    /// <summary>Number of the try over all runs of the job; rises by one per try and never repeats.</summary>
    public long Try { get; init; }

    /// <summary>Name of the job.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Type of the job.</summary>
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary>When the try started, Unix nanoseconds; 0 when the job could not be made.</summary>
    public long StartedAt { get; init; }

    /// <summary>When the try ended, Unix nanoseconds; 0 when the job could not be made.</summary>
    public long FinishedAt { get; init; }

    /// <summary>State the try ended in.</summary>
    public JobState State { get; init; }

    /// <summary>Unix exit code, 0 for success.</summary>
    public long Exit { get; init; }

    /// <summary>Error message; empty for none. A successful try may carry one.</summary>
    public string Error { get; init => field = value ?? ""; } = "";

    /// <summary>What the job wrote to standard output.</summary>
    public string Stdout { get; init => field = value ?? ""; } = "";

    /// <summary>What the job wrote to standard error.</summary>
    public string Stderr { get; init => field = value ?? ""; } = "";

    /// <summary>
    /// Whether the try failed for good: the job asked not to be tried again. Absent where it did not; Spin Cycle does not know this field.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Permanent { get; init; }

    /// <summary>Fields this version does not know; kept where the log is passed on.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
