using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>A virtual host with a dashboard process, a scheduler that speaks plain AMQP, and workers as tests need them.</summary>
public sealed class Theatre : IAsyncDisposable
{
    private static readonly JsonSerializerOptions AsItIs = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly List<WorkerProcess> _workers = [];
    private readonly int _port = RabbitMqNode.FreePort();

    private readonly string _chains = Path.Combine(Path.GetTempPath(), $"dashboard-chains-{Guid.NewGuid():N}.db");

    private Theatre(Uri broker) => Broker = broker;

    public Uri Broker { get; }

    public Uri Address => new($"http://127.0.0.1:{_port}/");

    public WorkerProcess Dashboard { get; private set; } = null!;

    /// <summary>The first worker.</summary>
    public WorkerProcess Worker => _workers[0];

    public PlainClient Scheduler { get; private set; } = null!;

    /// <summary>Opens it.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="workers">How many workers there are.</param>
    /// <param name="chains">Whether they schedule chains, too.</param>
    /// <param name="settings">What the dashboard finds in its environment.</param>
    public static async Task<Theatre> OpenAsync(Broker broker, int workers = 1, bool chains = false, IReadOnlyDictionary<string, string>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(broker);
        var node = await broker.NodeAsync();
        var theatre = new Theatre(node.UriOf(await node.NewVirtualHostAsync()));
        for (var i = 0; i < workers; i++)
        {
            await theatre.AddWorkerAsync(chains);
        }

        theatre.Scheduler = await PlainClient.ConnectAsync(theatre.Broker);
        await theatre.StartDashboardAsync(settings);
        return theatre;
    }

    public async Task<WorkerProcess> AddWorkerAsync(bool chains = false, int slots = 4)
    {
        var settings = new Dictionary<string, string>
        {
            ["JobRunner__JobLogStore__Path"] = Path.Combine(Path.GetTempPath(), $"dashboard-{Guid.NewGuid():N}.db"),
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__Worker__Slots"] = $"{slots}",
        };
        if (chains)
        {
            settings["JobRunner__Worker__Roles"] = "Run,Report,Chain";
            settings["JobRunner__Chains__ConnectionString"] = $"Data Source={_chains}";
        }

        var worker = await WorkerProcess.StartAsync(Broker, settings);
        _workers.Add(worker);
        if (chains)
        {
            await Eventually.HoldsAsync(() => $"chains are taken: {worker.Output}", () => worker.Output.Contains("Chains are taken", StringComparison.Ordinal));
        }

        return worker;
    }

    public async Task StartDashboardAsync(IReadOnlyDictionary<string, string>? settings = null)
    {
        Dashboard = WorkerProcess.Start(["dashboard", "--broker", Broker.ToString(), "--port", $"{_port}"], settings ?? new Dictionary<string, string>());
        await Eventually.HoldsAsync(
            () => $"the dashboard is served: {Dashboard.Output}", () => Dashboard.Output.Contains($"is at {Address.ToString().TrimEnd('/')}", StringComparison.Ordinal));
    }

    /// <summary>Sends a job that sleeps.</summary>
    public Task SleepAsync(string request, string job, string name = "", int seconds = 3600) =>
        SendAsync(request, new JsonObject { ["id"] = job, ["name"] = name, ["type"] = "sleep", ["bytes"] = Base64($$"""{"duration":{{seconds * 1_000_000_000L}}}""") });

    /// <summary>Sends a job of Spin Cycle's form.</summary>
    public Task SendAsync(string request, JsonObject job) => Scheduler.SendAsync(
        "run-job",
        new JsonObject { ["requestId"] = request, ["job"] = job }.ToJsonString(AsItIs),
        new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent });

    /// <summary>A job of a shell script.</summary>
    public static JsonObject Shell(string job, string script, string? name = null) => new()
    {
        ["id"] = job,
        ["name"] = name ?? job,
        ["type"] = "shell-command",
        ["state"] = 1,
        ["bytes"] = Base64(new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString(AsItIs)),
    };

    /// <summary>Hands a chain over; an edge is <c>a&gt;b</c>.</summary>
    public Task SendChainAsync(string request, IReadOnlyList<JsonObject> jobs, string edges = "")
    {
        var next = new JsonObject();
        foreach (var edge in edges.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(edge => edge.Split('>')).GroupBy(edge => edge[0], edge => edge[1]))
        {
            next[edge.Key] = new JsonArray([.. edge.Select(to => (JsonNode)to)]);
        }

        return Scheduler.SendAsync(
            "run-chain",
            new JsonObject
            {
                ["requestId"] = request,
                ["jobs"] = new JsonObject(jobs.Select(job => KeyValuePair.Create((string)job["id"]!, (JsonNode?)job))),
                ["adjacencyList"] = next,
                ["state"] = 1,
            }.ToJsonString(AsItIs),
            new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent });
    }

    public static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>A request id of Spin Cycle's form.</summary>
    public static string NewRequestId() => RandomNumberGenerator.GetString("0123456789abcdefghijklmnopqrstuv", 20);

    public async ValueTask DisposeAsync()
    {
        await Scheduler.DisposeAsync();
        await Dashboard.DisposeAsync();
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }
    }
}
