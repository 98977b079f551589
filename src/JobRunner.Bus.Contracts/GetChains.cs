using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Request: tell how chains stand. Sent to exchange <c>get-chains</c> with a reply-to; every worker of role <c>Chain</c> answers with one
/// <see cref="ChainsReport"/>.
/// </summary>
public sealed record GetChains
{
    /// <summary>Only this chain, with its jobs; absent or empty for a list.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RequestId { get; init; }

    /// <summary>Most chains in the list, those that run first; 100 if absent, at most 10,000.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long Limit { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>How chains stand, as one worker's store has it.</summary>
public sealed record ChainsReport
{
    /// <summary>The worker: host, process id and a part that differs per start.</summary>
    public string Worker { get; init => field = value ?? ""; } = "";

    /// <summary>The chains: those that run, the newest first; then those that ended, the last ended first.</summary>
    public IReadOnlyList<ChainStatus> Chains { get; init => field = value ?? []; } = [];

    /// <summary>Why there are none: the store cannot be asked.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>How a chain stands.</summary>
public sealed record ChainStatus
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>RUNNING until its end; then COMPLETE, FAIL or STOPPED.</summary>
    public JobState State { get; init; }

    /// <summary>Whether it was told to stop.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Stopping { get; init; }

    /// <summary>When it came.</summary>
    public DateTimeOffset? AddedAt { get; init; }

    /// <summary>When it ended; absent while it runs.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>Jobs that are COMPLETE.</summary>
    public long FinishedJobs { get; init; }

    /// <summary>Jobs it has.</summary>
    public long TotalJobs { get; init; }

    /// <summary>Its jobs, each after those it follows; absent in a list.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ChainJobStatus>? Jobs { get; init; }
}

/// <summary>How a job of a chain stands.</summary>
public sealed record ChainJobStatus
{
    /// <summary>Id of the job.</summary>
    public string Id { get; init => field = value ?? ""; } = "";

    /// <summary>Its name.</summary>
    public string Name { get; init => field = value ?? ""; } = "";

    /// <summary>Its type.</summary>
    public string Type { get; init => field = value ?? ""; } = "";

    /// <summary>PENDING until its command is sent, RUNNING until its result is in, then how it ended.</summary>
    public JobState State { get; init; }

    /// <summary>Highest try number logged so far, as ends of its runs told it.</summary>
    public long Tries { get; init; }

    /// <summary>How many times the sequence was tried that this job starts.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long SequenceTries { get; init; }

    /// <summary>Ids of the jobs that it follows.</summary>
    public IReadOnlyList<string> After { get; init => field = value ?? []; } = [];

    /// <summary>Ids of those that are not COMPLETE yet.</summary>
    public IReadOnlyList<string> WaitsFor { get; init => field = value ?? []; } = [];

    /// <summary>When the next try of its sequence begins; absent unless it waits for that.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Why its last run ended without a try of its own.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Error { get; init; }
}
