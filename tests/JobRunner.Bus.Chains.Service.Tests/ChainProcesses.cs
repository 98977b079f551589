using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

[assembly: AssemblyFixture(typeof(JobRunner.Bus.Chains.Service.Tests.Broker))]

namespace JobRunner.Bus.Chains.Service.Tests;

/// <summary>One real RabbitMQ for all tests of the project.</summary>
public sealed class Broker : IAsyncLifetime
{
    public RabbitMqNode Node { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Node = await RabbitMqNode.StartAsync();

    public ValueTask DisposeAsync() => Node.DisposeAsync();
}

/// <summary>Real processes on a real broker and a real store; the chains' sender speaks plain AMQP.</summary>
[Collection("processes")]
public abstract class ChainProcesses(Broker broker) : IAsyncLifetime
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    protected List<WorkerProcess> Workers { get; } = [];
    protected string Folder { get; } = Directory.CreateTempSubdirectory("jobrunner-chains-").FullName;
    protected Uri Uri { get; private set; } = null!;
    protected PlainClient Client { get; private set; } = null!;
    protected ConcurrentQueue<PlainMessage> Ended { get; private set; } = null!;
    protected ConcurrentQueue<PlainMessage> Logs { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Uri = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var worker in Workers)
        {
            await worker.DisposeAsync();
        }

        if (Client is not null)
        {
            await Client.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected async Task<WorkerProcess> AddAsync(string roles, Dictionary<string, string>? settings = null, Uri? reach = null)
    {
        var all = new Dictionary<string, string>
        {
            ["JobRunner__Worker__Roles"] = roles,
            ["JobRunner__Worker__Lease"] = "3s",
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__JobLogStore__Path"] = Path.Combine(Folder, "logs.db"),
        };
        if (roles.Contains("Chain", StringComparison.Ordinal))
        {
            all["JobRunner__Chains__ConnectionString"] = $"Data Source={Path.Combine(Folder, "chains.db")}";
        }

        foreach (var (name, value) in settings ?? [])
        {
            all[name] = value;
        }

        var worker = await WorkerProcess.StartAsync(reach ?? Uri, all, Patience);
        Workers.Add(worker);
        return worker;
    }

    protected static Task ServesAsync(WorkerProcess worker) =>
        Eventually.HoldsAsync(() => $"chains are taken: {worker.Output}", () => worker.Output.Contains("Chains are taken", StringComparison.Ordinal), Patience);

    protected async Task StartAsync(WorkerProcess worker)
    {
        Client = await PlainClient.ConnectAsync(Uri);
        await Client.Channel.ExchangeDeclareAsync("chain-finished", "fanout", durable: true, autoDelete: false);
        Ended = await Client.ListenAsync("chain-finished");
        Logs = await Client.ListenAsync("job-log-recorded");
        if (worker.Output.Contains("Chain", StringComparison.Ordinal))
        {
            await ServesAsync(worker);
        }
    }

    protected async Task<JsonNode> EndAsync(string requestId)
    {
        JsonNode? Find() => Ended.Select(message => JsonNode.Parse(message.Body)!).FirstOrDefault(end => (string)end["requestId"]! == requestId);
        await Eventually.HoldsAsync(() => $"{requestId} ends; {string.Join('\n', Workers.Select(worker => worker.Output))}", () => Find() is not null, Patience);
        return Find()!;
    }

    protected List<string> LogsOf(string requestId) =>
        [.. Logs.Select(message => JsonNode.Parse(message.Body)!).Where(log => (string)log["requestId"]! == requestId)
            .Select(log => $"{log["jobId"]} {log["try"]}").Order()];

    protected Task LimitAsync(string queue) => broker.Node.LimitAsync(Uri, queue);

    protected async Task<uint> ReadyAsync(string queue)
    {
        // A connection of its own: a queue that is not there yet closes the channel.
        await using var client = await PlainClient.ConnectAsync(Uri);
        try
        {
            return await client.CountAsync(queue);
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return 0;
        }
    }

    internal static void Shell(JsonObject job, string script)
    {
        job["type"] = "shell-command";
        job["bytes"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(
            new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString()));
    }

    protected static string Chain(string requestId, string ids, string edges, Action<string, JsonObject>? change = null)
    {
        var jobs = new JsonObject();
        foreach (var id in ids.Split(' '))
        {
            var job = new JsonObject { ["id"] = id, ["name"] = id, ["type"] = "noop", ["state"] = 1, ["retry"] = 0, ["sequenceId"] = id, ["sequenceRetry"] = 0 };
            change?.Invoke(id, job);
            jobs[id] = job;
        }

        var next = new JsonObject();
        foreach (var edge in edges.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var (from, to) = (edge.Split('>')[0], edge.Split('>')[1]);
            next[from] ??= new JsonArray();
            next[from]!.AsArray().Add((JsonNode)to);
        }

        return new JsonObject { ["requestId"] = requestId, ["jobs"] = jobs, ["adjacencyList"] = next, ["state"] = 1, ["finishedJobs"] = 0 }.ToJsonString();
    }
}
