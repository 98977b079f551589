using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.Client;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Chains.Service.Tests;

/// <summary>The API of Spin Cycle's Job Runner, asked as its Request Manager asks.</summary>
public sealed class SpinCycleApiTests(Broker broker, PostgreSqlServer postgres) : ChainProcesses(broker)
{
    private readonly HttpClient _http = new();

    public override async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await base.DisposeAsync();
    }

    [Fact]
    public async Task A_chain_posted_twice_is_answered_twice_and_run_once()
    {
        var url = await ServeAsync("Run,Report,Chain");
        var chain = Chain("b9uvdi8tk9kahl8ppvb0", "a b c", "a>b b>c");

        foreach (var answer in new[] { await PostAsync($"{url}/api/v1/job-chains", chain), await PostAsync($"{url}/api/v1/job-chains", chain) })
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal($"{url}/api/v1/job-chains/b9uvdi8tk9kahl8ppvb0", answer.Headers.Location!.ToString());
        }

        Assert.Equal((3, 3), StateOf(await EndAsync("b9uvdi8tk9kahl8ppvb0")));
        // Its end is no reason to run it again, either.
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"{url}/api/v1/job-chains", chain)).StatusCode);
        await PostAsync($"{url}/api/v1/job-chains", Chain("other", "a", ""));
        await EndAsync("other");
        Assert.Equal(["a 1", "b 1", "c 1"], LogsOf("b9uvdi8tk9kahl8ppvb0"));
    }

    [Fact]
    public async Task Any_instance_tells_what_runs_on_any_worker_and_stops_it()
    {
        var store = new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await postgres.NewDatabaseAsync(),
            ["JobRunner__Chains__PublicUrl"] = "https://chains.example.com:9090/",
        };
        await AddAsync("Run,Report");
        var one = await ServeAsync("Chain", store);
        var other = await ServeAsync("Chain", store);
        var posted = await PostAsync($"{one}/api/v1/job-chains", Chain("long", "a b", "a>b", (_, job) => Shell(job, "sleep 600")));
        Assert.Equal("https://chains.example.com:9090/api/v1/job-chains/long", posted.Headers.Location!.ToString());
        // An id that the Request Manager must not be handed, and a job that is of no chain.
        await Client.SendAsync("run-chain", Chain("it's", "a", "", (_, job) => Shell(job, "sleep 600")));
        await Client.SendAsync("run-job", """{"requestId":"alone","job":{"id":"j","name":"j","type":"shell-command","bytes":"eyJjbWQiOiIvYmluL3NsZWVwIiwiYXJncyI6WyI2MDAiXX0="},"jobData":{},"prevTries":0,"totalTries":0}""");

        await Eventually.HoldsAsync("it runs", async () => (await StatusAsync($"{other}/api/v1/status/running")).Count > 0, Patience);
        await using var asker = await JobRunnerClient.ConnectAsync(Uri, new JobRunnerClientOptions { ReceivesResults = false }, TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("all three run", async () => (await asker.StatusAsync()).Count == 3, Patience);
        var job = Assert.Single(await StatusAsync($"{other}/api/v1/status/running"))!;
        Assert.Equal(("long", "a", "shell-command", "a", 2, 1), ((string)job["requestId"]!, (string)job["jobId"]!, (string)job["type"]!, (string)job["name"]!, (int)job["state"]!, (int)job["try"]!));
        Assert.True((long)job["startedAt"]! > 1_700_000_000_000_000_000);
        Assert.Single(await StatusAsync($"{one}/api/v1/status/running?requestId=long"));
        Assert.Empty(await StatusAsync($"{one}/api/v1/status/running?requestId=none"));

        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"{other}/api/v1/job-chains/long/stop")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"{one}/api/v1/job-chains/long/stop")).StatusCode);
        Assert.Equal((6, 0), StateOf(await EndAsync("long")));
        Assert.Equal(HttpStatusCode.OK, (await PutAsync($"{one}/api/v1/job-chains/long/stop")).StatusCode);
    }

    [Fact]
    public async Task A_suspended_chain_goes_on_with_its_numbers()
    {
        var url = await ServeAsync("Run,Report,Chain");
        var chain = JsonNode.Parse(Chain("req1", "a b c", "a>b b>c", (id, job) => job["state"] = id == "a" ? 3 : id == "b" ? 6 : 1))!;
        chain["state"] = 7;
        chain["finishedJobs"] = 1;
        var suspended = new JsonObject
        {
            ["requestId"] = "req1",
            ["jobChain"] = chain,
            ["totalJobTries"] = new JsonObject { ["a"] = 1, ["b"] = 4 },
            ["latestRunJobTries"] = new JsonObject { ["a"] = 1, ["b"] = 1 },
            ["sequenceTries"] = new JsonObject { ["a"] = 1, ["b"] = 1 },
        }.ToJsonString();

        var answer = await PostAsync($"{url}/api/v1/job-chains/resume", suspended);

        Assert.Equal((HttpStatusCode.OK, $"{url}/api/v1/job-chains/req1"), (answer.StatusCode, answer.Headers.Location!.ToString()));
        Assert.Equal(HttpStatusCode.OK, (await PostAsync($"{url}/api/v1/job-chains/resume", suspended)).StatusCode);
        Assert.Equal((3, 3), StateOf(await EndAsync("req1")));
        Assert.Equal(["b 5", "c 1"], LogsOf("req1"));
    }

    [Fact]
    public async Task What_cannot_be_taken_is_answered_with_the_reason_in_Spin_Cycles_words()
    {
        var url = await ServeAsync("Run,Report,Chain", new Dictionary<string, string> { ["JobRunner__Worker__MaxCommandBytes"] = "20000" });
        var chains = $"{url}/api/v1/job-chains";

        await RefusedAsync(PostAsync(chains, "not JSON"), 400, "is not the JSON of a JobChain");
        await RefusedAsync(PostAsync(chains, ""), 400, "the body is empty");
        await RefusedAsync(PostAsync(chains, Chain("req1", "a b", "a>b b>a")), 400, "adjacencyList has a cycle");
        await RefusedAsync(PostAsync(chains, Chain("req1", "a b", "")), 400, "2 jobs have no predecessor");
        await RefusedAsync(PostAsync(chains, Chain("", "a", "")), 400, "requestId");
        await RefusedAsync(PostAsync(chains, Chain("req1", "a", "", (_, job) => job["state"] = 3)), 400, "in a new chain it must be PENDING");
        await RefusedAsync(PostAsync(chains, Chain("req1", "a", "", (_, job) => job["name"] = new string('x', 20_000))), 413, "more than 20000 bytes");
        await RefusedAsync(PostAsync(chains, Chain("req1", "a", ""), "text/plain"), 415, "application/json");
        await RefusedAsync(PostAsync($"{chains}/resume", "{}"), 400, "the chain is empty");
        await RefusedAsync(PutAsync($"{chains}/none/stop"), 404, "no chain of request none is known");
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await PutAsync(chains)).StatusCode);
        Assert.StartsWith("JobRunner.Bus ", await _http.GetStringAsync($"{url}/version", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_worker_that_schedules_no_chains_takes_none()
    {
        var port = RabbitMqNode.FreePort();
        await AddAsync("Run,Report", new Dictionary<string, string> { ["JobRunner__Http__Port"] = $"{port}" });

        Assert.Equal(HttpStatusCode.NotFound, (await PostAsync($"http://127.0.0.1:{port}/api/v1/job-chains", Chain("req1", "a", ""))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await _http.GetAsync(new Uri($"http://127.0.0.1:{port}/version"), TestContext.Current.CancellationToken)).StatusCode);
    }

    [Fact]
    public async Task A_command_that_leaves_late_runs_no_job_anew_that_another_instance_has_started_meanwhile()
    {
        var store = new Dictionary<string, string>
        {
            ["JobRunner__Chains__Store"] = "PostgreSql",
            ["JobRunner__Chains__ConnectionString"] = await postgres.NewDatabaseAsync(),
            ["JobRunner__Chains__SendAgainAfter"] = "1s",
        };
        await AddAsync("Run,Report", new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "1s" });
        await using var proxy = TcpProxy.Start(Uri.Port);
        var late = await ServeAsync("Chain", store, new UriBuilder(Uri) { Port = proxy.Port }.Uri);
        await ServeAsync("Chain", store);
        await PostAsync($"{late}/api/v1/job-chains", Chain("before", "a", ""));
        await EndAsync("before");

        // Whatever it opens now takes seconds: nothing passes until it may.
        proxy.Stall();
        proxy.Cut();
        var posted = PostAsync($"{late}/api/v1/job-chains", Chain("once", "a", ""));
        await EndAsync("once");
        proxy.Flow();
        Assert.Equal(HttpStatusCode.OK, (await posted).StatusCode);
        await PostAsync($"{late}/api/v1/job-chains", Chain("after", "a b", "a>b"));
        await EndAsync("after");

        Assert.Equal(["a 1"], LogsOf("once"));
    }

    private async Task<string> ServeAsync(string roles, Dictionary<string, string>? settings = null, Uri? reach = null)
    {
        var port = RabbitMqNode.FreePort();
        var worker = await AddAsync(roles, new Dictionary<string, string>(settings ?? []) { ["JobRunner__Http__Port"] = $"{port}" }, reach);
        if (Client is null)
        {
            await StartAsync(worker);
        }

        await ServesAsync(worker);
        return $"http://127.0.0.1:{port}";
    }

    private static (int State, int FinishedJobs) StateOf(JsonNode end) => ((int)end["state"]!, (int)end["finishedJobs"]!);

    private async Task<JsonArray> StatusAsync(string url)
    {
        using var answer = await _http.GetAsync(new Uri(url), TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, body);
        return JsonNode.Parse(body)!.AsArray();
    }

    private Task<HttpResponseMessage> PostAsync(string url, string body, string type = "application/json") => SendAsync(HttpMethod.Post, url, body, type);

    private Task<HttpResponseMessage> PutAsync(string url) => SendAsync(HttpMethod.Put, url, "", "application/json");

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string url, string body, string type)
    {
        using var request = new HttpRequestMessage(method, url) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task RefusedAsync(Task<HttpResponseMessage> sent, int status, string reason)
    {
        var answer = await sent;
        var error = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        Assert.Equal((status, status), ((int)answer.StatusCode, (int)error["httpStatus"]!));
        Assert.Contains(reason, (string)error["message"]!, StringComparison.Ordinal);
        Assert.NotNull((string)error["requestId"]!);
        Assert.Null(answer.Headers.Location);
    }
}
