using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Event: a chain has ended. Published to exchange <c>chain-finished</c>, at least once. The first four fields are those that
/// Spin Cycle's Job Runner tells its Request Manager.
/// </summary>
public sealed record ChainFinished
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>COMPLETE if every job is, else FAIL if one failed, else STOPPED.</summary>
    public JobState State { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>How many jobs are COMPLETE.</summary>
    public long FinishedJobs { get; init; }

    /// <summary>Job id → how the job ended; PENDING for one that was not run.</summary>
    public IReadOnlyDictionary<string, ChainJobEnd> Jobs { get; init => field = value ?? NoJobs; } = NoJobs;

    /// <summary>Why the chain was refused; absent for one that ran.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }

    private static readonly Dictionary<string, ChainJobEnd> NoJobs = [];
}

/// <summary>How a job of a chain ended.</summary>
public sealed record ChainJobEnd
{
    /// <summary>The state it is in.</summary>
    public JobState State { get; init; }

    /// <summary>Highest try number logged, 0 if none was.</summary>
    public long Tries { get; init; }
}
