using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>What workers declare, for people or as RabbitMQ definitions.</summary>
internal static class TopologyListing
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Each exchange with the queues behind it, then each queue with its arguments.</summary>
    public static void Write(TextWriter output, IReadOnlyList<ExchangePart> exchanges, IReadOnlyList<QueuePart> queues)
    {
        output.WriteLine("EXCHANGES");
        foreach (var exchange in exchanges)
        {
            output.WriteLine($"  {exchange.Name} ({exchange.Type})");
            foreach (var binding in Bindings(queues).Where(binding => binding.Exchange == exchange.Name))
            {
                output.WriteLine($"    ─{(binding.RoutingKey.Length > 0 ? $" {binding.RoutingKey} " : "")}─► {binding.Queue}");
            }
        }

        output.WriteLine();
        output.WriteLine("QUEUES");
        foreach (var queue in queues)
        {
            output.WriteLine($"  {queue.Name} ({queue.Arguments["x-queue-type"]})");
            foreach (var (name, value) in queue.Arguments.Where(argument => argument.Key != "x-queue-type"))
            {
                output.WriteLine($"    {name} = {value}");
            }
        }

        output.WriteLine();
        output.WriteLine($"A queue {Names.WaitQueue("<wait>")} for each length of wait is made when it is first needed; one is shown.");
        output.WriteLine($"Each worker adds queues of its own while it lives, such as {Names.GetRunnerStatus}.<worker>.");
    }

    /// <summary>The definitions, as the management plugin exports and imports them.</summary>
    public static string Definitions(IReadOnlyList<ExchangePart> exchanges, IReadOnlyList<QueuePart> queues, string virtualHost)
    {
        var definitions = new JsonObject
        {
            ["vhosts"] = new JsonArray(new JsonObject { ["name"] = virtualHost }),
            ["exchanges"] = Array(exchanges, exchange => new JsonObject
            {
                ["name"] = exchange.Name,
                ["vhost"] = virtualHost,
                ["type"] = exchange.Type,
                ["durable"] = true,
                ["auto_delete"] = false,
                ["internal"] = false,
                ["arguments"] = new JsonObject(),
            }),
            ["queues"] = Array(queues, queue => new JsonObject
            {
                ["name"] = queue.Name,
                ["vhost"] = virtualHost,
                ["durable"] = true,
                ["auto_delete"] = false,
                ["arguments"] = new JsonObject(queue.Arguments.Select(argument =>
                    KeyValuePair.Create(argument.Key, JsonSerializer.SerializeToNode(argument.Value)))),
            }),
            ["bindings"] = Array(Bindings(queues), binding => new JsonObject
            {
                ["source"] = binding.Exchange,
                ["vhost"] = virtualHost,
                ["destination"] = binding.Queue,
                ["destination_type"] = "queue",
                ["routing_key"] = binding.RoutingKey,
                ["arguments"] = new JsonObject(),
            }),
        };
        return definitions.ToJsonString(Indented);
    }

    private static IEnumerable<(string Exchange, string RoutingKey, string Queue)> Bindings(IEnumerable<QueuePart> queues) =>
        queues.SelectMany(queue => queue.Bindings.Select(binding => (binding.Exchange, binding.RoutingKey, queue.Name)));

    private static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode> draw) => [.. items.Select(draw)];
}
