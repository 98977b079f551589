using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace JobRunner.Bus.TestKit;

/// <summary>A cluster of private RabbitMQ nodes on loopback.</summary>
public sealed class RabbitMqCluster : IAsyncDisposable
{
    private RabbitMqCluster(IReadOnlyList<RabbitMqNode> nodes) => Nodes = nodes;

    /// <summary>Its nodes.</summary>
    public IReadOnlyList<RabbitMqNode> Nodes { get; }

    /// <summary>Starts three nodes and waits until they are one cluster.</summary>
    public static async Task<RabbitMqCluster> StartAsync()
    {
        const string Settings = "cluster_partition_handling = pause_minority";
        var first = await RabbitMqNode.StartAsync(Settings);
        var others = await Task.WhenAll(RabbitMqNode.StartAsync(Settings, joins: first), RabbitMqNode.StartAsync(Settings, joins: first));
        var cluster = new RabbitMqCluster([first, .. others]);
        await Eventually.HoldsAsync("three nodes run as one", async () => await RunningAsync(first) == 3, TimeSpan.FromSeconds(60));
        if ((await RabbitMqNode.VersionAsync()).Major >= 4)
        {
            // What takes Mnesia's place: a choice in 4.0, later the only one.
            await first.ControlAsync("enable_feature_flag", "--opt-in", "khepri_db");
        }

        return cluster;
    }

    /// <summary>What the client's library needs to connect to any node.</summary>
    public IEnumerable<AmqpTcpEndpoint> Endpoints => Nodes.Select(node => new AmqpTcpEndpoint("127.0.0.1", node.Port));

    /// <summary>The address of one node, and the others as <c>host:port</c>, separated by commas.</summary>
    public (Uri Uri, string Nodes) Address(int first = 0) => (
        Nodes[first].UriOf("/"),
        string.Join(',', Nodes.Where(node => node != Nodes[first]).Select(node => $"127.0.0.1:{node.Port}")));

    /// <summary>A queue as one node sees it, from the management API, which lags and repeats keys.</summary>
    public static async Task<JsonElement> QueueAsync(string queue, RabbitMqNode from)
    {
        ArgumentNullException.ThrowIfNull(from);
        return await from.Management.GetFromJsonAsync<JsonElement>($"queues/%2F/{queue}");
    }

    /// <summary>Waits until each of these queues has so many members that run.</summary>
    public async Task HasMembersAsync(int members, params IEnumerable<string> queues)
    {
        ArgumentNullException.ThrowIfNull(queues);
        foreach (var queue in queues)
        {
            await Eventually.HoldsAsync(
                $"{queue} has {members} members", async () => Online(await QueueAsync(queue, Nodes[0])) == members, TimeSpan.FromSeconds(60));
        }
    }

    private static int Online(JsonElement queue) => queue.TryGetProperty("online", out var online) ? online.GetArrayLength() : 0;

    /// <summary>The node that leads a queue now.</summary>
    public async Task<RabbitMqNode> LeaderAsync(string queue, RabbitMqNode from)
    {
        RabbitMqNode? leader = null;
        await Eventually.HoldsAsync($"{queue} has a leader", async () =>
        {
            leader = (await QueueAsync(queue, from)).TryGetProperty("leader", out var name) ? Nodes.FirstOrDefault(node => node.Name == name.GetString()) : null;
            return leader is not null;
        });
        return leader!;
    }

    /// <summary>
    /// Waits until a node may go: all nodes run, every queue and stream has all its members, and keeps its majority without this node.
    /// Operators ask the same before a restart.
    /// </summary>
    public async Task MayGoAsync(RabbitMqNode node)
    {
        ArgumentNullException.ThrowIfNull(node);
        await Eventually.HoldsAsync("three nodes run", async () => await RunningAsync(node) == Nodes.Count, TimeSpan.FromSeconds(90));
        await Eventually.HoldsAsync(
            "every queue and stream has all its members",
            async () => (await node.Management.GetFromJsonAsync<JsonElement>("queues")).EnumerateArray().All(
                queue => !queue.TryGetProperty("members", out var members) || members.GetArrayLength() == Online(queue)),
            TimeSpan.FromSeconds(90));
        await Eventually.HoldsAsync("the node is not needed for a majority", async () =>
        {
            using var answer = await node.Management.GetAsync(new Uri("health/checks/node-is-quorum-critical", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }, TimeSpan.FromSeconds(90));
    }

    private static async Task<int> RunningAsync(RabbitMqNode from) =>
        (await from.Management.GetFromJsonAsync<JsonArray>("nodes"))!.Count(node => (bool?)node!["running"] == true);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes)
        {
            await node.KillAsync();
        }

        foreach (var node in Nodes.Reverse())
        {
            await node.DisposeAsync();
        }
    }
}
