using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace JobRunner.Bus.Benchmarks.Chains;

/// <summary>Chains of jobs that do nothing, as a scheduler sends them.</summary>
internal static class Shapes
{
    /// <summary>Jobs one after the other.</summary>
    public static byte[] Line(string requestId, int jobs) =>
        Chain(requestId, jobs, Enumerable.Range(1, jobs - 1).Select(i => (i - 1, i)));

    /// <summary>One job, then many beside each other, then one.</summary>
    public static byte[] Wide(string requestId, int jobs) =>
        Chain(requestId, jobs, Enumerable.Range(1, jobs - 2).SelectMany(i => new[] { (0, i), (i, jobs - 1) }));

    private static byte[] Chain(string requestId, int jobs, IEnumerable<(int From, int To)> edges) => Encoding.UTF8.GetBytes(new JsonObject
    {
        ["requestId"] = requestId,
        ["jobs"] = new JsonObject(Enumerable.Range(0, jobs).Select(i => KeyValuePair.Create<string, JsonNode?>(Id(i), new JsonObject
        {
            ["id"] = Id(i),
            ["name"] = "check-replication",
            ["type"] = "noop",
            ["state"] = 1,
            ["retry"] = 2,
            ["retryWait"] = "5s",
            ["sequenceId"] = Id(0),
        }))),
        ["adjacencyList"] = new JsonObject(edges.GroupBy(edge => edge.From, edge => Id(edge.To))
            .Select(next => KeyValuePair.Create(Id(next.Key), (JsonNode?)JsonSerializer.SerializeToNode(next)))),
        ["state"] = 1,
    }.ToJsonString());

    private static string Id(int number) => $"{number:x4}";
}
