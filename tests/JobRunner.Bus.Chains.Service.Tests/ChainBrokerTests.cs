using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using JobRunner.Bus.Chains.Service.Tests.Servers;
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
public sealed class ChainBrokerTests(Broker broker, PostgreSqlServer postgres) : IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly List<WorkerProcess> _workers = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("jobrunner-chains-").FullName;
    private Uri _uri = null!;
    private PlainClient _client = null!;
    private ConcurrentQueue<PlainMessage> _ended = null!;
    private ConcurrentQueue<PlainMessage> _logs = null!;

    public async ValueTask InitializeAsync() => _uri = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers)
        {
            await worker.DisposeAsync();
        }

        if (_client is not null)
        {
            await _client.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_chain_runs_to_its_end_and_hands_data_on()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));

        await _client.SendAsync("run-chain", Chain("req1", "a b c d", "a>b a>c b>d c>d"));

        var end = await EndAsync("req1");
        Assert.Equal((3, 4), ((int)end["state"]!, (int)end["finishedJobs"]!));
        Assert.Equal(["a", "b", "c", "d"], end["jobs"]!.AsObject().Select(job => job.Key).Order());
        Assert.All(end["jobs"]!.AsObject(), job => Assert.Equal((3, 1), ((int)job.Value!["state"]!, (int)job.Value["tries"]!)));
    }

    [Fact]
    public async Task A_chain_sent_three_times_is_one_chain()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));
        for (var i = 0; i < 3; i++)
        {
            await _client.SendAsync("run-chain", Chain("req1", "a b", "a>b"));
        }

        await _client.SendAsync("run-chain", Chain("req2", "a", ""));
        await EndAsync("req1");
        await EndAsync("req2");

        Assert.Equal(["a 1", "b 1"], LogsOf("req1"));
    }

    [Fact]
    public async Task A_failed_sequence_waits_and_is_tried_again_with_its_numbers_going_on()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));
        var fails = Path.Combine(_folder, "ran");

        // Fails the first time it is run.
        await _client.SendAsync("run-chain", Chain("req1", "a b", "a>b", (id, job) =>
        {
            job["sequenceId"] = "a";
            if (id == "a")
            {
                job["sequenceRetry"] = 1;
                job["sequenceRetryWait"] = "1s";
            }
            else
            {
                Shell(job, $"[ -e {fails} ] || {{ touch {fails}; exit 1; }}");
            }
        }));

        var end = await EndAsync("req1");
        Assert.Equal((3, 2), ((int)end["state"]!, (int)end["finishedJobs"]!));
        Assert.Equal(["a 1", "a 2", "b 1", "b 2"], LogsOf("req1"));
    }

    [Fact]
    public async Task A_stop_ends_a_chain_whose_job_runs_and_one_that_waits()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));
        await _client.SendAsync("run-chain", Chain("runs", "a b", "a>b", (id, job) => Shell(job, "sleep 600")));
        await _client.SendAsync("run-chain", Chain("waits", "a", "", (id, job) =>
        {
            Shell(job, "exit 1");
            job["sequenceRetry"] = 1;
            job["sequenceRetryWait"] = "1h";
        }));
        await Eventually.HoldsAsync("the sequence waits", async () => await ReadyAsync("chain-due.wait.1h") == 1, Long);

        await _client.SendAsync("stop-chain", """{"requestId":"runs"}""");
        await _client.SendAsync("stop-chain", """{"requestId":"waits"}""");

        Assert.Equal(6, (int)(await EndAsync("runs"))["state"]!);
        Assert.Equal((6, 0), ((int)(await EndAsync("waits"))["state"]!, (int)(await EndAsync("waits"))["finishedJobs"]!));
        Assert.DoesNotContain("b 1", LogsOf("runs"));
    }

    [Fact]
    public async Task A_chain_that_cannot_be_run_goes_to_the_error_queue_with_the_reason()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));

        await _client.SendAsync("run-chain", Chain("req1", "a b", "a>b b>a"));
        await _client.SendAsync("run-chain", "not JSON");

        await Eventually.HoldsAsync("both are refused", async () => await ReadyAsync("run-chain_error") == 2, Long);
        string[] reasons = [(await _client.GetAsync("run-chain_error"))!.Header("MT-Fault-Message"), (await _client.GetAsync("run-chain_error"))!.Header("MT-Fault-Message")];
        Assert.Contains(reasons, reason => reason.Contains("adjacencyList has a cycle", StringComparison.Ordinal));
        Assert.Contains(reasons, reason => reason.Contains("is not the JSON of a JobChain", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Instances_killed_again_and_again_lose_no_chain_and_run_no_job_twice()
    {
        var store = new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await postgres.NewDatabaseAsync(),
            ["JobRunner__Chains__SendAgainAfter"] = "2s",
        };
        await StartAsync(await AddAsync("Run,Report"));
        var services = new List<WorkerProcess> { await AddAsync("Chain", store), await AddAsync("Chain", store) };
        await ServesAsync(services[0]);
        await ServesAsync(services[1]);
        const int Chains = 60;
        for (var i = 0; i < Chains; i++)
        {
            await _client.SendAsync("run-chain", Chain($"req{i}", "a b c d e", "a>b a>c b>d c>d d>e"));
        }

        for (var i = 0; i < 4; i++)
        {
            await Eventually.HoldsAsync("some more chains end", () => _ended.Count >= Math.Min(Chains, 5 + (i * 10)), Long);
            await services[i % 2].KillAsync();
            services[i % 2] = await AddAsync("Chain", store);
        }

        for (var i = 0; i < Chains; i++)
        {
            var end = await EndAsync($"req{i}");
            Assert.Equal((3, 5), ((int)end["state"]!, (int)end["finishedJobs"]!));
            Assert.Equal(["a 1", "b 1", "c 1", "d 1", "e 1"], LogsOf($"req{i}"));
        }
    }

    [Fact]
    public async Task A_store_that_is_away_keeps_chains_in_their_queues()
    {
        await using var own = new PostgreSqlServer();
        await own.InitializeAsync();
        var worker = await AddAsync("Run,Report,Chain", new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await own.NewDatabaseAsync(),
        });
        await StartAsync(worker);
        await _client.SendAsync("run-chain", Chain("req1", "a b", "a>b", (id, job) => Shell(job, "sleep 1")));
        await Eventually.HoldsAsync("the chain has begun", () => worker.Output.Contains("Chain req1 started", StringComparison.Ordinal), Long);
        await own.KillAsync();
        await _client.SendAsync("run-chain", Chain("req2", "a", ""));
        await Eventually.HoldsAsync("it is told", () => worker.Output.Contains("cannot be used", StringComparison.Ordinal), Long);

        await own.StartAsync();

        Assert.Equal(3, (int)(await EndAsync("req1"))["state"]!);
        Assert.Equal(3, (int)(await EndAsync("req2"))["state"]!);
        Assert.Equal(0u, await ReadyAsync("run-chain_error"));
        Assert.Equal(0u, await ReadyAsync("chain-job-finished_error"));
    }

    [Fact]
    public async Task An_instance_that_ends_while_its_store_is_away_gives_its_events_back()
    {
        await using var own = new PostgreSqlServer();
        await own.InitializeAsync();
        var store = new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await own.NewDatabaseAsync(),
        };
        var worker = await AddAsync("Run,Report,Chain", store);
        await StartAsync(worker);
        await own.KillAsync();
        await _client.SendAsync("run-chain", Chain("req1", "a", ""));
        await Eventually.HoldsAsync("it is told", () => worker.Output.Contains("cannot be used", StringComparison.Ordinal), Long);

        Assert.Equal(0, await worker.TerminateAsync());
        Assert.Equal((1u, 0u), (await ReadyAsync("run-chain"), await ReadyAsync("run-chain_error")));

        await own.StartAsync();
        await AddAsync("Run,Report,Chain", store);
        Assert.Equal(3, (int)(await EndAsync("req1"))["state"]!);
        Assert.Equal(0u, await ReadyAsync("run-chain_error"));
    }

    private async Task<WorkerProcess> AddAsync(string roles, Dictionary<string, string>? settings = null)
    {
        var all = new Dictionary<string, string>
        {
            ["JobRunner__Worker__Roles"] = roles,
            ["JobRunner__Worker__Lease"] = "3s",
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__JobLogStore__Path"] = Path.Combine(_folder, "logs.db"),
        };
        if (roles.Contains("Chain", StringComparison.Ordinal))
        {
            all["JobRunner__Chains__ConnectionString"] = $"Data Source={Path.Combine(_folder, "chains.db")}";
        }

        foreach (var (name, value) in settings ?? [])
        {
            all[name] = value;
        }

        var worker = await WorkerProcess.StartAsync(_uri, all, Long);
        _workers.Add(worker);
        return worker;
    }

    private static Task ServesAsync(WorkerProcess worker) =>
        Eventually.HoldsAsync(() => $"chains are taken: {worker.Output}", () => worker.Output.Contains("Chains are taken", StringComparison.Ordinal), Long);

    private async Task StartAsync(WorkerProcess worker)
    {
        _client = await PlainClient.ConnectAsync(_uri);
        await _client.Channel.ExchangeDeclareAsync("chain-finished", "fanout", durable: true, autoDelete: false);
        _ended = await _client.ListenAsync("chain-finished");
        _logs = await _client.ListenAsync("job-log-recorded");
        if (worker.Output.Contains("Chain", StringComparison.Ordinal))
        {
            await ServesAsync(worker);
        }
    }

    private async Task<JsonNode> EndAsync(string requestId)
    {
        JsonNode? Find() => _ended.Select(message => JsonNode.Parse(message.Body)!).FirstOrDefault(end => (string)end["requestId"]! == requestId);
        await Eventually.HoldsAsync(() => $"{requestId} ends; {string.Join('\n', _workers.Select(worker => worker.Output))}", () => Find() is not null, Long);
        return Find()!;
    }

    private List<string> LogsOf(string requestId) =>
        [.. _logs.Select(message => JsonNode.Parse(message.Body)!).Where(log => (string)log["requestId"]! == requestId)
            .Select(log => $"{log["jobId"]} {log["try"]}").Order()];

    private async Task<uint> ReadyAsync(string queue)
    {
        // A connection of its own: a queue that is not there yet closes the channel.
        await using var client = await PlainClient.ConnectAsync(_uri);
        try
        {
            return await client.CountAsync(queue);
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return 0;
        }
    }

    private static void Shell(JsonObject job, string script)
    {
        job["type"] = "shell-command";
        job["bytes"] = Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(
            new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString()));
    }

    private static string Chain(string requestId, string ids, string edges, Action<string, JsonObject>? change = null)
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
