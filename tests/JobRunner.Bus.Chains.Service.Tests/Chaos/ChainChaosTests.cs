using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Chains.Service.Tests.Chaos;

/// <summary>
/// Instances, worker, broker and database are killed at random under chains with failures, sequence retries and stops. Half a minute of
/// faults; <c>CHAIN_CHAOS_MINUTES</c> and <c>CHAIN_CHAOS_CHAINS</c> ask for more, <c>CHAIN_CHAOS_SEED</c> for the same again.
/// </summary>
[Collection("processes")]
public sealed class ChainChaosTests : IAsyncLifetime
{
    private const int Senders = 6;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _folder = Directory.CreateTempSubdirectory("jobrunner-chaos-").FullName;
    private readonly PostgreSqlServer _database = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ConcurrentDictionary<string, DateTimeOffset> _stops = new();
    private readonly List<string> _faults = [];
    private readonly WorkerProcess?[] _workers = new WorkerProcess?[3];
    private readonly ConcurrentQueue<WorkerProcess> _started = new();
    private readonly int[] _ports = [RabbitMqNode.FreePort(), RabbitMqNode.FreePort()];
    private RabbitMqNode _broker = null!;
    private Uri _uri = null!;
    private string _store = "";

    public async ValueTask InitializeAsync()
    {
        await _database.InitializeAsync();
        _store = await _database.NewDatabaseAsync();
        _broker = await RabbitMqNode.StartAsync();
        _uri = _broker.UriOf(await _broker.NewVirtualHostAsync());
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var worker in _workers.OfType<WorkerProcess>())
        {
            await worker.DisposeAsync();
        }

        _http.Dispose();
        await _broker.DisposeAsync();
        await _database.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Every_chain_ends_once_and_right_whatever_is_killed()
    {
        var seed = Number("CHAIN_CHAOS_SEED", Environment.TickCount & 0xFFFF);
        var random = new Random((int)seed);
        var chains = Enumerable.Range(0, (int)Number("CHAIN_CHAOS_CHAINS", 30)).Select(i => Make($"c{i:000}", random)).ToList();
        for (var i = 0; i < _workers.Length; i++)
        {
            Start(i);
        }

        await Eventually.HoldsAsync("all are ready", () => _workers.All(worker => worker!.Output.Contains(worker == _workers[2] ? "takes work" : "Chains are taken", StringComparison.Ordinal)), Patience);
        await BindAsync();
        var time = TimeSpan.FromMinutes(Number("CHAIN_CHAOS_MINUTES", 0.5));
        var faults = BreakAsync(new Random((int)seed + 1), time);
        await Parallel.ForEachAsync(chains, new ParallelOptions { MaxDegreeOfParallelism = Senders }, async (chain, _) =>
        {
            // All along: there are chains under way at every fault.
            await Task.Delay(time * Senders / chains.Count * 0.8, TimeProvider.System, CancellationToken.None);
            await SendAsync(chain, new Random((int)seed + chain.Body.Length));
        });
        await faults;

        var history = new ChainHistory { Sent = [.. chains.Select(chain => chain.Sent)], StopsAnswered = _stops };
        await Eventually.HoldsAsync(
            () => $"seed {seed}: all chains end, not {history.Ends.DistinctBy(end => end.RequestId).Count()}; {string.Join("; ", _faults)}; the broker's log: {_broker.KeepLog()}",
            async () => (history = await HearAsync(history)).Ends.DistinctBy(end => end.RequestId).Count() == chains.Count,
            Patience);
        var wrong = ChainChecker.Check(history);
        if (wrong is not [])
        {
            Assert.Fail($"seed {seed}; {string.Join("; ", _faults)}; the broker's log: {_broker.KeepLog()}:\n{string.Join('\n', wrong)}\n{string.Join('\n', wrong.SelectMany(LogsOf))}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {chains.Count} chains, {history.Tries.Distinct().Count()} tries, {_stops.Count} stops, {_faults.Count} faults: {string.Join(", ", _faults)}");
    }

    private static double Number(string variable, double preset) =>
        double.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : preset;

    /// <summary>What was logged of the chain, and where there is one the job, that a finding is about.</summary>
    private IEnumerable<string> LogsOf(string finding)
    {
        var words = finding.Split(':', ' ');
        var job = Array.IndexOf(words, "job") is >= 0 and var place ? words[place + 1] : "";
        return _started.SelectMany((worker, number) => worker.Output.Split('\n')
            .Where(line => line.Contains(words[0], StringComparison.Ordinal) && line.Contains(job, StringComparison.Ordinal))
            .Select(line => $"process {number}: {line}"));
    }

    private void Start(int place)
    {
        var settings = new Dictionary<string, string>
        {
            ["JobRunner__Transport"] = "RabbitMq",
            ["JobRunner__RabbitMq__Uri"] = _uri.ToString(),
            ["JobRunner__Worker__Roles"] = place == 2 ? "Run" : "Chain",
            ["JobRunner__Worker__Lease"] = "3s",
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = _store,
            ["JobRunner__Chains__SendAgainAfter"] = "3s",
        };
        if (place < 2)
        {
            settings["JobRunner__Http__Port"] = $"{_ports[place]}";
        }

        _workers[place] = WorkerProcess.Start(["worker"], settings);
        _started.Enqueue(_workers[place]!);
    }

    private async Task BreakAsync(Random random, TimeSpan time)
    {
        var end = TimeProvider.System.GetUtcNow() + time;
        while (TimeProvider.System.GetUtcNow() < end)
        {
            await Task.Delay(TimeSpan.FromSeconds(1 + (3 * random.NextDouble())), TimeProvider.System);
            var what = random.Next(8);
            _faults.Add($"{(what < 4 ? $"instance {what % 2}" : what < 6 ? "worker" : what == 6 ? "database" : "broker")} at {TimeProvider.System.GetUtcNow():mm:ss.fff}");
            switch (what)
            {
                case < 6:
                    var place = what < 4 ? what % 2 : 2;
                    await _workers[place]!.DisposeAsync();
                    Start(place);
                    break;
                case 6:
                    await _database.KillAsync();
                    await _database.StartAsync();
                    break;
                default:
                    // RabbitMQ writes streams to disk every few seconds; a kill before that may cost a confirmed stop.
                    await RabbitMqNode.StreamsOutliveAKillAsync();
                    await _broker.KillAsync();
                    await _broker.StartServerAsync();
                    break;
            }
        }
    }

    private async Task SendAsync((SentChain Sent, string Body, bool IsStopped) chain, Random random)
    {
        await AskAsync(HttpMethod.Post, "/api/v1/job-chains", chain.Body);
        if (chain.IsStopped)
        {
            await Task.Delay(TimeSpan.FromSeconds(2 * random.NextDouble()), TimeProvider.System);
            await AskAsync(HttpMethod.Put, $"/api/v1/job-chains/{chain.Sent.RequestId}/stop", "");
            _stops[chain.Sent.RequestId] = TimeProvider.System.GetUtcNow();
        }
    }

    /// <summary>Asks one instance and the other until one answers with 200.</summary>
    private Task AskAsync(HttpMethod method, string path, string body)
    {
        var turn = 0;
        return Eventually.HoldsAsync($"{path} is answered", async () =>
        {
            using var request = new HttpRequestMessage(method, $"http://127.0.0.1:{_ports[turn++ % 2]}{path}") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            try
            {
                using var answer = await _http.SendAsync(request);
                return (int)answer.StatusCode == 200;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        }, Patience);
    }

    private async Task BindAsync()
    {
        await using var client = await PlainClient.ConnectAsync(_uri);
        foreach (var exchange in new[] { "chain-finished", "job-log-recorded" })
        {
            await client.Channel.QueueDeclareAsync($"heard.{exchange}", true, false, false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
            await client.Channel.QueueBindAsync($"heard.{exchange}", exchange, "");
        }
    }

    private async Task<ChainHistory> HearAsync(ChainHistory before)
    {
        await using var client = await PlainClient.ConnectAsync(_uri);
        List<HeardEnd> ends = [.. before.Ends];
        while (await client.GetAsync("heard.chain-finished") is { } message)
        {
            var end = JsonNode.Parse(message.Body)!;
            ends.Add(new HeardEnd(
                (string)end["requestId"]!,
                (int)end["state"]!,
                (int)end["finishedJobs"]!,
                end["jobs"]!.AsObject().ToDictionary(job => job.Key, job => ((int)job.Value!["state"]!, (int)job.Value["tries"]!))));
        }

        List<HeardTry> tries = [.. before.Tries];
        while (await client.GetAsync("heard.job-log-recorded") is { } message)
        {
            var log = JsonNode.Parse(message.Body)!;
            tries.Add(new HeardTry(
                (string)log["requestId"]!, (string)log["jobId"]!, (int)log["try"]!, (long)log["startedAt"]!, (long)log["finishedAt"]!, (int)log["state"]!));
        }

        return before with { Ends = ends, Tries = tries };
    }

    /// <summary>A chain of 5 to 30 jobs: some sleep, some fail once and have their sequence tried again, some chains fail, some are stopped.</summary>
    private (SentChain Sent, string Body, bool IsStopped) Make(string requestId, Random random)
    {
        var count = random.Next(5, 31);
        var (jobs, next, previous) = (new JsonObject(), new JsonObject(), new Dictionary<string, IReadOnlyList<string>>());
        var fails = random.Next(5) == 0 ? random.Next(1, count - 1) : -1;
        for (var i = 0; i < count; i++)
        {
            var id = $"j{i:00}";
            var job = new JsonObject { ["id"] = id, ["name"] = id, ["type"] = "noop", ["state"] = 1, ["retry"] = 0, ["sequenceId"] = id, ["sequenceRetry"] = 0 };
            var kind = random.Next(10);
            if (i == fails)
            {
                ChainProcesses.Shell(job, "exit 1");
                job["retry"] = random.Next(2);
                job["retryWait"] = "100ms";
            }
            else if (kind == 0)
            {
                var ran = Path.Combine(_folder, $"{requestId}.{id}");
                ChainProcesses.Shell(job, $"[ -e {ran} ] || {{ touch {ran}; exit 1; }}");
                job["sequenceRetry"] = 1;
                job["sequenceRetryWait"] = random.Next(2) == 0 ? "0s" : "1s";
            }
            else if (kind < 4)
            {
                job["type"] = "sleep";
                job["bytes"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"duration":{{random.Next(50, 400)}}000000}"""));
            }

            jobs[id] = job;
            // Between one first and one last job.
            previous[id] = i == 0 ? [] : i == count - 1 ? [.. Enumerable.Range(0, count - 1).Select(k => $"j{k:00}").Where(k => !next.ContainsKey(k))]
                : [.. Enumerable.Range(0, 1 + random.Next(2)).Select(_ => $"j{random.Next(Math.Max(0, i - 4), i):00}").Distinct()];
            foreach (var before in previous[id])
            {
                next[before] ??= new JsonArray();
                next[before]!.AsArray().Add((JsonNode)id);
            }
        }

        var body = new JsonObject { ["requestId"] = requestId, ["jobs"] = jobs, ["adjacencyList"] = next, ["state"] = 1, ["finishedJobs"] = 0 }.ToJsonString();
        return (new SentChain(requestId, previous, fails > 0 ? [$"j{fails:00}"] : []), body, random.Next(6) == 0);
    }
}
