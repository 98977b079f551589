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

    private Theatre(Uri broker) => Broker = broker;

    public Uri Broker { get; }

    public Uri Address => new($"http://127.0.0.1:{_port}/");

    public WorkerProcess Dashboard { get; private set; } = null!;

    /// <summary>The first worker.</summary>
    public WorkerProcess Worker => _workers[0];

    public PlainClient Scheduler { get; private set; } = null!;

    public static async Task<Theatre> OpenAsync(Broker broker, int workers = 1)
    {
        ArgumentNullException.ThrowIfNull(broker);
        var node = await broker.NodeAsync();
        var theatre = new Theatre(node.UriOf(await node.NewVirtualHostAsync()));
        for (var i = 0; i < workers; i++)
        {
            await theatre.AddWorkerAsync();
        }

        theatre.Scheduler = await PlainClient.ConnectAsync(theatre.Broker);
        await theatre.StartDashboardAsync();
        return theatre;
    }

    public async Task<WorkerProcess> AddWorkerAsync()
    {
        var worker = await WorkerProcess.StartAsync(Broker, new Dictionary<string, string>
        {
            ["JobRunner__JobLogStore__Path"] = Path.Combine(Path.GetTempPath(), $"dashboard-{Guid.NewGuid():N}.db"),
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__Worker__Slots"] = "4",
        });
        _workers.Add(worker);
        return worker;
    }

    public async Task StartDashboardAsync()
    {
        Dashboard = WorkerProcess.Start(["dashboard", "--broker", Broker.ToString(), "--port", $"{_port}"], new Dictionary<string, string>());
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
