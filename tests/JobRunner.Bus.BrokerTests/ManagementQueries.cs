using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

internal static class ManagementQueries
{
    /// <summary>Names of all queues of the broker.</summary>
    public static async Task<IReadOnlyList<string>> GetQueuesAsync(this PlainClient client, Broker broker)
    {
        _ = client;
        var queues = await broker.Node.Management.GetFromJsonAsync<JsonArray>(new Uri("queues", UriKind.Relative));
        return [.. queues!.Select(queue => (string)queue!["name"]!)];
    }
}
