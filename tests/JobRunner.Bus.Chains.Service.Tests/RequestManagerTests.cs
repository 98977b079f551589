using System.Text.Json.Nodes;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Chains.Service.Tests;

/// <summary>A Request Manager that answers as the real one does posts chains, and learns how they go.</summary>
public sealed class RequestManagerTests(Broker broker, PostgreSqlServer postgres) : ChainProcesses(broker)
{
    private const string Request = "b9uvdi8tk9kahl8ppvb0";

    private StubRequestManager _manager = null!;
    private Uri _jobRunner = null!;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        await _manager.DisposeAsync();
    }

    [Fact]
    public async Task It_sees_progress_once_a_second_what_runs_and_the_end_and_holds_every_log()
    {
        await StartBothAsync();
        var chain = Chain(Request, "aaaa bbbb cccc dddd eeee", "aaaa>bbbb bbbb>cccc cccc>dddd dddd>eeee", (_, job) => Shell(job, "sleep 0.6"));

        await _manager.Chains.StartAsync(_jobRunner, chain);

        await Eventually.HoldsAsync("it sees a job run", async () => (await _manager.Chains.RunningJobsAsync(Request)).Count == 1, Patience);
        await EndsAsync(Request, 3);
        var progress = _manager.Chains.ProgressOf(Request);
        Assert.True(progress.Count >= 2, $"{progress.Count} times");
        Assert.Equal(progress.Select(one => one.FinishedJobs).Order(), progress.Select(one => one.FinishedJobs));
        Assert.All(progress.Zip(progress.Skip(1)), pair => Assert.True(pair.Second.At - pair.First.At > TimeSpan.FromSeconds(0.9)));
        Assert.Equal(5, _manager.Chains.FinishedJobsOf(Request));
        await Eventually.HoldsAsync("all logs are there", () => _manager.RowCount == 5, Patience);
    }

    [Fact]
    public async Task A_chain_that_ended_too_fast_and_one_whose_end_it_missed_end_there_all_the_same()
    {
        await StartBothAsync();

        // It writes RUNNING long after the chain has ended.
        _manager.Chains.WritesRunningAfter = TimeSpan.FromSeconds(4);
        await _manager.Chains.StartAsync(_jobRunner, Chain(Request, "aaaa", ""));
        await EndsAsync(Request, 3);
        _manager.Chains.WritesRunningAfter = TimeSpan.Zero;

        // It is away.
        await _manager.Chains.StartAsync(_jobRunner, Chain("b9uvdi8tk9kahl8ppvb1", "aaaa", "", (_, job) => Shell(job, "sleep 1; exit 1")));
        await _manager.GoDownAsync();
        await EndAsync("b9uvdi8tk9kahl8ppvb1");
        await Eventually.HoldsAsync("an end waits", () => Workers[0].Output.Contains("It is delivered again after", StringComparison.Ordinal), Patience);
        Assert.Equal(2, _manager.Chains.StateOf("b9uvdi8tk9kahl8ppvb1"));
        await _manager.ComeUpAsync();
        await EndsAsync("b9uvdi8tk9kahl8ppvb1", 4);

        // It has the end, but its answer is lost.
        _manager.Decide = request => request.Target.EndsWith("b9uvdi8tk9kahl8ppvb2/finish", StringComparison.Ordinal) && _manager.Chains.StateOf("b9uvdi8tk9kahl8ppvb2") == 2 ? StubAnswer.StoreAndClose : null;
        await _manager.Chains.StartAsync(_jobRunner, Chain("b9uvdi8tk9kahl8ppvb2", "aaaa", "", (_, job) => Shell(job, "sleep 600")));
        await Eventually.HoldsAsync("it runs", async () => (await _manager.Chains.RunningJobsAsync("b9uvdi8tk9kahl8ppvb2")).Count == 1, Patience);
        Assert.Equal(200, await _manager.Chains.StopAsync("b9uvdi8tk9kahl8ppvb2"));
        await EndsAsync("b9uvdi8tk9kahl8ppvb2", 6);
        await Eventually.HoldsAsync("that is understood", () => Workers[0].Output.Contains("it is STOPPED there", StringComparison.Ordinal), Patience);

        // It was never its own.
        await Client.SendAsync("run-chain", Chain("another", "aaaa", ""));
        await Eventually.HoldsAsync("that is told", () => Workers[0].Output.Contains("The Request Manager has no request another", StringComparison.Ordinal), Patience);
        await Eventually.HoldsAsync("nothing waits", async () => await ReadyAsync("chain-finished.report") == 0, Patience);
        Assert.Equal(0u, await ReadyAsync("chain-finished.report_error"));
    }

    [Fact]
    public async Task A_chain_that_a_Job_Runner_suspended_is_resumed_here_and_ends_there()
    {
        await StartBothAsync();
        var chain = JsonNode.Parse(Chain(Request, "aaaa bbbb", "aaaa>bbbb", (id, job) => job["state"] = id == "aaaa" ? 6 : 1))!;
        chain["state"] = 7;

        await _manager.Chains.StartAsync(
            _jobRunner,
            new JsonObject
            {
                ["requestId"] = Request,
                ["jobChain"] = chain,
                ["totalJobTries"] = new JsonObject { ["aaaa"] = 3 },
                ["latestRunJobTries"] = new JsonObject { ["aaaa"] = 1 },
                ["sequenceTries"] = new JsonObject { ["aaaa"] = 1 },
            }.ToJsonString(),
            "/api/v1/job-chains/resume");

        await EndsAsync(Request, 3);
        Assert.Equal(["aaaa 4", "bbbb 1"], LogsOf(Request));
    }

    [Fact]
    public async Task It_needs_no_more_than_the_migration_page_says()
    {
        _manager = await StubRequestManager.StartAsync();
        var (database, ports) = (await postgres.NewDatabaseAsync(), (RabbitMqNode.FreePort(), RabbitMqNode.FreePort()));
        foreach (var port in new[] { ports.Item1, ports.Item2 })
        {
            await AddAsync("Run,Report,Chain", new Dictionary<string, string>
            {
                ["JobRunner__RequestManager__BaseUrl"] = _manager.BaseUrl,
                ["JobRunner__Chains__Store"] = "PostgreSql",
                ["JobRunner__Chains__ConnectionString"] = database,
                ["JobRunner__Http__Port"] = $"{port}",
                ["JobRunner__Http__Address"] = "*",
                ["JobRunner__Chains__PublicUrl"] = $"http://localhost:{ports.Item2}",
            });
        }

        await StartAsync(Workers[0]);
        using var http = new HttpClient();
        Assert.StartsWith("JobRunner.Bus ", await http.GetStringAsync($"http://localhost:{ports.Item2}/version", TestContext.Current.CancellationToken), StringComparison.Ordinal);

        // Bytes of Spin Cycle's development job, ids of its lengths, a type that no worker has; posted to one instance, stopped at the name of all.
        await _manager.Chains.StartAsync(new Uri($"http://localhost:{ports.Item1}"), Chain(Request, "aaaa bbbb", "aaaa>bbbb", (id, job) =>
        {
            job["type"] = id == "aaaa" ? "shell-command" : "nobody-knows";
            job["bytes"] = Convert.ToBase64String("""{"cmd": "/bin/echo", "args": ["a"]}"""u8);
        }));
        await EndsAsync(Request, 4);
        await Eventually.HoldsAsync("both logs are there", () => _manager.RowCount == 2, Patience);
        Assert.Equal("a\n", _manager.Rows.Single(row => row.JobId == "aaaa").Stdout);
        Assert.Contains("unknown job type \"nobody-knows\"", _manager.Rows.Single(row => row.JobId == "bbbb").Error, StringComparison.Ordinal);

        await _manager.Chains.StartAsync(new Uri($"http://localhost:{ports.Item1}"), Chain("b9uvdi8tk9kahl8ppvb1", "aaaa", "", (_, job) => Shell(job, "sleep 600")));
        Assert.Equal($"http://localhost:{ports.Item2}/", _manager.Chains.JobRunnerOf("b9uvdi8tk9kahl8ppvb1").ToString());
        Assert.Equal(200, await _manager.Chains.StopAsync("b9uvdi8tk9kahl8ppvb1"));
        await EndsAsync("b9uvdi8tk9kahl8ppvb1", 6);
    }

    private async Task StartBothAsync()
    {
        _manager = await StubRequestManager.StartAsync();
        var port = RabbitMqNode.FreePort();
        await StartAsync(await AddAsync("Run,Report,Chain", new Dictionary<string, string>
        {
            ["JobRunner__Http__Port"] = $"{port}",
            ["JobRunner__RequestManager__BaseUrl"] = _manager.BaseUrl,
            ["JobRunner__RequestManager__StrictIds"] = "false",
            ["JobRunner__RequestManager__Attempts"] = "2",
            ["JobRunner__Report__RedeliverAfter"] = "1s",
        }));
        _jobRunner = new Uri($"http://127.0.0.1:{port}");
    }

    private Task EndsAsync(string requestId, int state) => Eventually.HoldsAsync(
        () => $"{requestId} ends {state}, not {_manager.Chains.StateOf(requestId)}: {Workers[0].Output}", () => _manager.Chains.StateOf(requestId) == state, Patience);
}
