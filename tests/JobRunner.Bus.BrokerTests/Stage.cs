using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A virtual host with a Request Manager and a scheduler that speaks plain AMQP; workers join as tests need them.</summary>
public sealed class Stage : IAsyncDisposable
{
    private readonly List<WorkerProcess> _workers = [];

    private Stage(Uri uri, StubRequestManager requestManager)
    {
        Uri = uri;
        RequestManager = requestManager;
    }

    public Uri Uri { get; }

    public StubRequestManager RequestManager { get; }

    public PlainClient Client { get; private set; } = null!;

    public ConcurrentQueue<PlainMessage> Finished { get; private set; } = null!;

    /// <summary>Sets the stage with one worker.</summary>
    public static Task<Stage> SetAsync(Broker broker, Dictionary<string, string>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(broker);
        return SetAsync(broker.Node, settings);
    }

    /// <summary>Sets the stage on a node of the test's own, with one worker.</summary>
    public static async Task<Stage> SetAsync(RabbitMqNode node, Dictionary<string, string>? settings = null)
    {
        ArgumentNullException.ThrowIfNull(node);
        var stage = new Stage(node.UriOf(await node.NewVirtualHostAsync()), await StubRequestManager.StartAsync());
        await stage.AddWorkerAsync(settings);
        stage.Client = await PlainClient.ConnectAsync(stage.Uri);
        stage.Finished = await stage.Client.ListenAsync("job-finished");
        return stage;
    }

    /// <summary>Sets the stage with users of their own for worker and scheduler, whose results come to a queue of this name.</summary>
    public static async Task<Stage> SetAsync(Uri worker, Uri scheduler, string results)
    {
        var stage = new Stage(worker, await StubRequestManager.StartAsync());
        await stage.AddWorkerAsync();
        stage.Client = await PlainClient.ConnectAsync(scheduler);
        await stage.Client.Channel.QueueDeclareAsync(
            results, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await stage.Client.Channel.QueueBindAsync(results, "job-finished", "");
        stage.Finished = await stage.Client.ConsumeAsync(results);
        return stage;
    }

    /// <summary>Adds a worker process.</summary>
    public async Task<WorkerProcess> AddWorkerAsync(Dictionary<string, string>? settings = null)
    {
        var all = new Dictionary<string, string>
        {
            ["JobRunner__RequestManager__BaseUrl"] = RequestManager.BaseUrl,
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__Worker__Lease"] = "3s",
        };
        foreach (var (name, value) in settings ?? [])
        {
            all[name] = value;
        }

        var worker = await WorkerProcess.StartAsync(Uri, all);
        _workers.Add(worker);
        return worker;
    }

    /// <summary>The first worker.</summary>
    public WorkerProcess Worker => _workers[0];

    /// <summary>The worker that was added last.</summary>
    public WorkerProcess Newest => _workers[^1];

    /// <summary>A request id of Spin Cycle's form.</summary>
    public static string NewRequestId()
    {
        const string Alphabet = "0123456789abcdefghijklmnopqrstuv";
        return string.Concat(Enumerable.Range(0, 20).Select(_ => Alphabet[Random.Shared.Next(32)]));
    }

    /// <summary>Waits for the end of a job.</summary>
    public async Task<JsonNode> FinishedAsync(string requestId, string jobId, TimeSpan? within = null)
    {
        JsonNode? found = null;
        try
        {
            await Eventually.HoldsAsync(
                $"job {jobId} of {requestId} finishes",
                () => (found = Ends(requestId, jobId).FirstOrDefault()) is not null,
                within);
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"{error.Message}; the worker said:\n{Worker.Output}", error);
        }

        return found!;
    }

    /// <summary>Every JobFinished of a job so far.</summary>
    public IReadOnlyList<JsonNode> Ends(string requestId, string jobId) =>
        [.. Finished.Select(message => JsonNode.Parse(message.Body)!)
            .Where(end => (string?)end["requestId"] == requestId && (string?)end["jobId"] == jobId)];

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }

        if (Client is not null)
        {
            await Client.DisposeAsync();
        }

        await RequestManager.DisposeAsync();
    }
}
