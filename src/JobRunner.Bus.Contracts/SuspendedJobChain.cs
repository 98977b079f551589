using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Command: go on with a chain that was suspended: Spin Cycle's <c>proto.SuspendedJobChain</c>. Sent to exchange
/// <c>resume-chain</c>. A chain that the service knows already is not run a second time.
/// </summary>
public sealed record SuspendedJobChain
{
    /// <summary>Id of the request; the chain says it, too.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>The chain; its jobs are PENDING, COMPLETE or STOPPED.</summary>
    public JobChain JobChain { get; init => field = value ?? new JobChain(); } = new();

    /// <summary>Job id → highest try number ever logged.</summary>
    public IReadOnlyDictionary<string, long> TotalJobTries { get; init => field = value ?? NoTries; } = NoTries;

    /// <summary>Job id → tries of the current try of the sequence; a STOPPED job's last try is counted, and is run again.</summary>
    public IReadOnlyDictionary<string, long> LatestRunJobTries { get; init => field = value ?? NoTries; } = NoTries;

    /// <summary>Id of a sequence's first job → how many times the sequence was tried.</summary>
    public IReadOnlyDictionary<string, long> SequenceTries { get; init => field = value ?? NoTries; } = NoTries;

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }

    private static readonly Dictionary<string, long> NoTries = [];
}
