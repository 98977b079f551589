using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>A directed acyclic graph of jobs: Spin Cycle's <c>proto.JobChain</c>.</summary>
public sealed record JobChain
{
    /// <summary>Id of the request, globally unique.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>Job id → job.</summary>
    public IReadOnlyDictionary<string, Job> Jobs { get; init => field = WithoutNulls(value, new Job()); } = Empty;

    /// <summary>Job id → ids of the jobs that follow it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> AdjacencyList { get; init => field = WithoutNulls(value, []); } = NoEdges;

    /// <summary>State of the chain.</summary>
    public JobState State { get; init; }

    /// <summary>How many jobs finished with state COMPLETE.</summary>
    public long FinishedJobs { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }

    private static readonly Dictionary<string, Job> Empty = [];
    private static readonly Dictionary<string, IReadOnlyList<string>> NoEdges = [];

    private static IReadOnlyDictionary<string, T> WithoutNulls<T>(IReadOnlyDictionary<string, T>? entries, T empty)
        where T : class
    {
        if (entries is null)
        {
            return new Dictionary<string, T>();
        }

        return entries.Values.Any(value => value is null)
            ? entries.ToDictionary(entry => entry.Key, entry => entry.Value ?? empty)
            : entries;
    }
}
