using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A live run is never doubled, whatever becomes of its delivery.</summary>
public sealed class LeaseTests(Broker broker)
{
    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>A command whose tries each leave a line in the file.</summary>
    private static string Command(string request, string script, string more = "") =>
        $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{Base64($$"""{"cmd":"/bin/sh","args":["-c","{{script}}"]}""")}}"{{more}} },"sentAt":"{{DateTimeOffset.UtcNow:O}}"}""";

    private static string NameOf(WorkerProcess worker) => string.Create(CultureInfo.InvariantCulture, $".{worker.Id}.");

    private static async Task CutAsync(RabbitMqNode node, WorkerProcess worker)
    {
        HashSet<string> cut = [];
        // The broker tells of new connections every five seconds, and of one that was cut for a while.
        await Eventually.HoldsAsync("all connections of the worker are cut", async () =>
        {
            cut.UnionWith(await node.CutAsync(NameOf(worker)));
            // MassTransit's, which holds the deliveries, says no purpose.
            return cut.Count >= 4 && cut.Any(name => name.EndsWith("(leases)", StringComparison.Ordinal)) && cut.Any(name => !name.EndsWith(')'));
        });
    }

    [Fact]
    public async Task A_run_goes_on_alone_when_its_workers_connections_are_cut_and_another_worker_stands_by()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var starts = Path.Combine(Path.GetTempPath(), request);
        await stage.Client.SendAsync("run-job", Command(request, $"echo start >> {starts}; sleep 14"));
        await Eventually.HoldsAsync("the try runs", () => File.Exists(starts));
        var other = await stage.AddWorkerAsync();

        await CutAsync(broker.Node, stage.Worker);

        await Eventually.HoldsAsync(
            "the command is delivered again",
            () => stage.Worker.Output.Contains("Delivery joins", StringComparison.Ordinal) || other.Output.Contains("left to it", StringComparison.Ordinal));
        Assert.Equal(3, (int)(await stage.FinishedAsync(request, "abcd"))["finalState"]!);
        await Eventually.HoldsAsync("the log", () => stage.RequestManager.Rows.Count == 1);
        Assert.Single(await File.ReadAllLinesAsync(starts));

        // Both take work after it.
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"next","type":"noop"} }""");
        await stage.FinishedAsync(request, "next");
        await Eventually.HoldsAsync("its log", () => stage.RequestManager.Rows.Any(row => row.JobId == "abcd"));
        Assert.Single(stage.RequestManager.Rows, row => row.JobId == "abcd");
        File.Delete(starts);
    }

    /// <summary>A worker is paused while it runs a job that sleeps; the broker misses its heartbeats, and another worker takes the run over.</summary>
    private static async Task<(string Request, WorkerProcess Other)> TakeOverFromPausedAsync(Stage stage, Dictionary<string, string> settings, int seconds)
    {
        var request = Stage.NewRequestId();
        var sleeps = Base64($$"""{"duration":{{seconds}}000000000}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"sleep","bytes":"{{sleeps}}","retry":2},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);
        var other = await stage.AddWorkerAsync(settings);
        await stage.Worker.PauseAsync();
        await Eventually.HoldsAsync(
            () => $"the other takes it over; it said:\n{other.Output}\nand the paused one:\n{stage.Worker.Output}",
            () => other.Output.Contains("Redelivered: the run goes on", StringComparison.Ordinal));
        return (request, other);
    }

    [Fact]
    public async Task A_run_of_a_paused_worker_is_taken_over_and_the_paused_one_abandons_it_when_it_wakes()
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "2s" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var (request, _) = await TakeOverFromPausedAsync(stage, settings, seconds: 7);
        await stage.Worker.ContinueAsync();

        await Eventually.HoldsAsync("the paused one abandons it", () => stage.Worker.Output.Contains("1 runs are abandoned", StringComparison.Ordinal));
        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Equal((3, 1, 1), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["totalTries"]!));
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"next","type":"noop"} }""");
        await stage.FinishedAsync(request, "next");
        await Eventually.HoldsAsync("both logs", () => stage.RequestManager.Rows.Count == 2);
        Assert.Equal(2, stage.RequestManager.Requests.Count(call => call.Method == "POST"));
        Assert.Single(stage.Ends(request, "abcd"));
    }

    [Fact]
    public async Task A_run_that_was_taken_over_from_a_paused_worker_is_abandoned_though_the_broker_is_down_when_it_wakes()
    {
        await using var own = new Broker();
        await own.InitializeAsync();
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "2s" };
        await using var stage = await Stage.SetAsync(own, settings);
        var (_, other) = await TakeOverFromPausedAsync(stage, settings, seconds: 12);

        // A broker that refuses connections is down for all, but it was not always.
        await own.Node.KillAsync();
        await stage.Worker.ContinueAsync();

        await Eventually.HoldsAsync(
            () => $"the paused one abandons it; it said:\n{stage.Worker.Output}", () => stage.Worker.Output.Contains("1 runs are abandoned", StringComparison.Ordinal));
        await own.Node.StartServerAsync();
        await Eventually.HoldsAsync("its log", () => stage.RequestManager.Rows.Count == 1, TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync("both work again", () => new[] { stage.Worker, other }.All(worker => worker.Output.Contains("In contact with the broker again", StringComparison.Ordinal)));
        Assert.Single(stage.RequestManager.Requests, call => call.Method == "POST");
    }

    [Fact]
    public async Task A_run_is_abandoned_when_another_worker_says_that_it_has_taken_over_just_this_leg()
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "2s" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var starts = Path.Combine(Path.GetTempPath(), request);
        var command = Command(request, $"echo start >> {starts}; sleep 3");
        var sentAt = (string)JsonNode.Parse(command)!["sentAt"]!;
        await stage.Client.SendAsync("run-job", command);
        await Eventually.HoldsAsync("the try runs", () => File.Exists(starts));

        await stage.Client.SendAsync("run-lease", Takes(totalTries: 1));
        await stage.Client.SendAsync("run-lease", Takes(totalTries: 0));

        await Eventually.HoldsAsync(
            "it is abandoned", () => stage.Worker.Output.Contains("worker another has taken the run over", StringComparison.Ordinal));
        Assert.Equal((3, 1, 1), Counters(await stage.FinishedAsync(request, "abcd")));
        await Eventually.HoldsAsync("its log", () => stage.RequestManager.Rows.Count == 1);
        Assert.Equal(2, (await File.ReadAllLinesAsync(starts)).Length);
        Assert.Single(stage.RequestManager.Requests, call => call.Method == "POST");
        Assert.Equal(1, stage.Worker.Output.Split("has taken the run over").Length - 1);
        File.Delete(starts);

        string Takes(long totalTries) =>
            $$"""{"worker":"another","takes":{"requestId":"{{request}}","jobId":"abcd","prevTries":0,"totalTries":{{totalTries}},"sentAt":"{{sentAt}}"} }""";
        static (int, int, int) Counters(JsonNode end) => ((int)end["finalState"]!, (int)end["tries"]!, (int)end["totalTries"]!);
    }

    [Fact]
    public async Task A_run_that_starts_after_another_copy_of_its_command_was_asked_about_answers_as_it_starts()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var said = await stage.Client.ListenAsync("run-lease");
        await stage.Client.SendAsync("run-job", Command(request, "sleep 30").Replace("abcd", "runs", StringComparison.Ordinal));
        await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);

        await stage.Client.SendAsync("run-lease", Asks("abcd"));
        await stage.Client.SendAsync("run-lease", Asks("runs"));
        await Eventually.HoldsAsync("the questions are heard", () => Holds("runs"));
        Assert.False(Holds("abcd"));
        await stage.Client.SendAsync("run-job", Command(request, "sleep 30"));

        await Eventually.HoldsAsync("the worker says that the run is here", () => Holds("abcd"));

        string Asks(string job) => $$"""{"worker":"another","claim":"~","asks":{"requestId":"{{request}}","jobId":"{{job}}"} }""";
        bool Holds(string job) => said.Any(one =>
            one.Body.Contains("\"holds\"", StringComparison.Ordinal) && one.Body.Contains(request, StringComparison.Ordinal) && one.Body.Contains($"\"{job}\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_worker_that_is_cut_off_without_a_word_stops_its_try_before_another_starts_it_again()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var link = TcpProxy.Start(broker.Node.Port);
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "3s", ["JobRunner__Jobs__Shell__Enabled"] = "true" };
        await stage.Worker.KillAsync();
        await using var cutOff = await WorkerProcess.StartAsync(new UriBuilder(stage.Uri) { Port = link.Port }.Uri, settings);
        var request = Stage.NewRequestId();
        var beats = Path.Combine(Path.GetTempPath(), request);
        await stage.Client.SendAsync("run-job", Command(request, $"for i in $(seq 60); do echo $$ >> {beats}; sleep 0.1; done", ",\"retry\":2"));
        await Eventually.HoldsAsync("the try runs", () => File.Exists(beats));
        var other = await stage.AddWorkerAsync();

        link.Swallow();

        await Eventually.HoldsAsync("the cut-off worker abandons it", () => cutOff.Output.Contains("1 runs are abandoned", StringComparison.Ordinal));
        await Eventually.HoldsAsync("the other takes over", () => other.Output.Contains("Redelivered: the run goes on", StringComparison.Ordinal));
        Assert.Equal(3, (int)(await stage.FinishedAsync(request, "abcd"))["finalState"]!);
        var runs = (await File.ReadAllLinesAsync(beats)).Aggregate(new List<string>(), (seen, shell) =>
        {
            if (seen.Count == 0 || seen[^1] != shell)
            {
                seen.Add(shell);
            }

            return seen;
        });
        // One after the other: had they run beside each other, their beats would alternate.
        Assert.Equal(2, runs.Count);
        await Eventually.HoldsAsync("one log", () => stage.RequestManager.Rows is [{ Try: 1 }]);

        await other.KillAsync();
        link.Heal();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"next","type":"noop"} }""");
        await stage.FinishedAsync(request, "next", TimeSpan.FromMinutes(2));
        Assert.Single(stage.Ends(request, "abcd"));
        File.Delete(beats);
    }

    /// <summary>With <c>REAL_CONSUMER_TIMEOUT=1</c>: three minutes on a broker with a timeout of one, which it checks once a minute.</summary>
    [Fact]
    public async Task A_job_that_outlasts_the_brokers_consumer_timeout_runs_once_and_its_worker_goes_on_consuming()
    {
        var real = Environment.GetEnvironmentVariable("REAL_CONSUMER_TIMEOUT") == "1";
        await using var node = real
            ? await RabbitMqNode.StartAsync("consumer_timeout = 60000")
            : await RabbitMqNode.StartAsync("consumer_timeout = 2000", "-rabbit channel_tick_interval 1000");
        await using var manager = await StubRequestManager.StartAsync();
        var settings = new Dictionary<string, string>
        {
            ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl,
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__Worker__Lease"] = "2s",
        };
        await using var worker = await WorkerProcess.StartAsync(node.UriOf("/"), settings);
        await using var other = await WorkerProcess.StartAsync(node.UriOf("/"), settings);
        await using var client = await PlainClient.ConnectAsync(node.UriOf("/"));
        var ends = await client.ListenAsync("job-finished");
        var request = Stage.NewRequestId();
        var starts = Path.Combine(Path.GetTempPath(), request);

        await client.SendAsync("run-job", Command(request, $"echo start >> {starts}; sleep {(real ? 180 : 12)}"));
        await Eventually.HoldsAsync(
            "the broker has taken the command back",
            () => $"{worker.Output}{other.Output}" is var said && (said.Contains("Delivery joins", StringComparison.Ordinal) || said.Contains("left to it", StringComparison.Ordinal)),
            TimeSpan.FromMinutes(3));
        for (var number = 0; number < 4; number++)
        {
            await client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"nex{{number}}","type":"noop"} }""");
        }

        await Eventually.HoldsAsync("every job ends", () => ends.Select(end => end.Body).Distinct().Count() >= 5, TimeSpan.FromMinutes(3));
        await Eventually.HoldsAsync("every log", () => manager.Rows.Count == 5);
        Assert.Single(await File.ReadAllLinesAsync(starts));
        Assert.Equal(5, manager.Requests.Count(call => call.Method == "POST"));
        File.Delete(starts);
    }

    /// <summary>RabbitMQ 3.12 and later have such a policy; earlier ones refuse it.</summary>
    [Fact]
    public async Task With_a_policy_of_its_queue_a_job_outlasts_the_brokers_consumer_timeout_unnoticed_where_the_broker_knows_it()
    {
        await using var node = await RabbitMqNode.StartAsync("consumer_timeout = 2000", "-rabbit channel_tick_interval 1000");
        var set = node.ControlAsync("set_policy", "long-jobs", "^run-job$", """{"consumer-timeout":86400000}""", "--apply-to", "queues");
        if (await RabbitMqNode.VersionAsync() < new Version(3, 12))
        {
            Assert.Contains("consumer-timeout", (await Assert.ThrowsAsync<InvalidOperationException>(() => set)).Message);
            return;
        }

        await set;
        await using var worker = await WorkerProcess.StartAsync(node.UriOf("/"), new Dictionary<string, string> { ["JobRunner__Jobs__Shell__Enabled"] = "true" });
        await using var client = await PlainClient.ConnectAsync(node.UriOf("/"));
        var ends = await client.ListenAsync("job-finished");
        await client.SendAsync("run-job", Command(Stage.NewRequestId(), "sleep 12"));
        await Eventually.HoldsAsync("it ends", () => ends.Count == 1, TimeSpan.FromMinutes(1));
        Assert.DoesNotContain("No commands from the broker", worker.Output);
        Assert.DoesNotContain("Delivery joins", worker.Output);
        Assert.DoesNotContain("left to it", worker.Output);
    }
}
