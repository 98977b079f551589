using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A worker that is killed loses no job and no log, and repeats no try that was logged.</summary>
public sealed class CrashTests(Broker broker, ITestOutputHelper output)
{
    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [Theory]
    [InlineData("2s")]
    [InlineData("10s")]
    public async Task A_job_whose_worker_is_killed_in_its_third_try_goes_on_at_the_third_on_another_after_the_lease(string lease)
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = lease };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var marker = Path.Combine(Path.GetTempPath(), request);
        // Tries 1 and 2 fail at once; the third sleeps until the marker is there, and so does each one after it.
        var script = Base64(
            $$"""{"cmd":"/bin/sh","args":["-c","[ $JOBRUNNER_TRY -lt 3 ] && exit 1; test -e {{marker}} && exit 1; exec sleep 60"]}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{script}}","retry":4,"retryWait":"50ms"},
             "sentAt":"{{DateTimeOffset.UtcNow:O}}","jobData":{"k":1} }
            """);
        await StopTests.StatusAsync(stage, request, status => (int)status["try"]! == 3 && !(bool)status["sleeping"]! && (int)status["state"]! == 2);

        var other = await stage.AddWorkerAsync(settings);
        await stage.Worker.KillAsync();
        await File.WriteAllTextAsync(marker, "");
        var killed = DateTimeOffset.UtcNow;
        await Eventually.HoldsAsync("it is taken over", () => other.Output.Contains("Redelivered: the run goes on", StringComparison.Ordinal));
        output.WriteLine($"lease {lease}: taken over {(DateTimeOffset.UtcNow - killed).TotalSeconds:f1} s after the kill");

        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Equal((4, 5, 5, 5), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("logs 1 to 5", () => stage.RequestManager.Rows.Select(row => row.Try).Order().SequenceEqual([1L, 2, 3, 4, 5]));
        // Only the log of try 2 is delivered again: the worker may have died before it heard that the broker has it.
        Assert.Equal([1, 2, 2, 3, 4, 5], stage.RequestManager.Requests.Where(call => call.Method == "POST").Select(call => Wire.Deserialize<JobLogRecorded>(call.Body.Span).Try).Order());
        File.Delete(marker);
    }

    [Fact]
    public async Task A_log_that_a_killed_broker_has_in_the_journal_alone_is_delivered_by_whoever_takes_its_run_over()
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Roles"] = "Run" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var marker = Path.Combine(Path.GetTempPath(), request);
        var script = Base64($$"""{"cmd":"/bin/sh","args":["-c","echo of try $JOBRUNNER_TRY; [ $JOBRUNNER_TRY -lt 2 ] && exit 1; mkdir {{marker}} && exec sleep 60"]}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{script}}","retry":4,"retryWait":"50ms"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await StopTests.StatusAsync(stage, request, status => (int)status["try"]! == 2 && !(bool)status["sleeping"]! && (int)status["state"]! == 2);
        await stage.Worker.KillAsync();
        // As a broker that was killed between the two leaves it.
        Assert.Equal(1u, await stage.Client.Channel.QueuePurgeAsync("job-log-recorded"));

        await stage.AddWorkerAsync();
        await Eventually.HoldsAsync("logs 1 to 5", () => stage.RequestManager.Rows.Select(row => row.Try).Order().SequenceEqual([1L, 2, 3, 4, 5]));
        Assert.Equal("of try 1\n", stage.RequestManager.Rows.Single(row => row.Try == 1).Stdout);
        Directory.Delete(marker);
    }

    [Fact]
    public async Task Commands_of_a_killed_worker_hold_no_slot_of_another_until_their_lease_is_over_and_a_stop_of_one_is_answered()
    {
        const int Slots = 16;
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "10s", ["JobRunner__Worker__Slots"] = $"{Slots}" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var starts = Path.Combine(Path.GetTempPath(), request);
        var sleeps = Base64($$"""{"cmd":"/bin/sh","args":["-c","echo >> {{starts}}; while [ ! -e {{starts}}.end ]; do sleep 0.1; done"]}""");
        string Command(string id, string type) =>
            $$"""{"requestId":"{{request}}","job":{"id":"{{id}}","type":"{{type}}","bytes":"{{sleeps}}"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}""";
        // All of them are delivered to the worker, and in their first try, as it is killed.
        for (var number = 0; number < Slots; number++)
        {
            await stage.Client.SendAsync("run-job", Command($"s{number}", "shell-command"));
        }

        await Eventually.HoldsAsync("all run", () => File.Exists(starts) && File.ReadAllLines(starts).Length == Slots);
        var other = await stage.AddWorkerAsync(settings);
        await stage.Worker.KillAsync();
        var killed = TimeProvider.System.GetTimestamp();
        for (var number = 0; number < 100; number++)
        {
            await stage.Client.SendAsync("run-job", Command($"n{number}", "noop"));
        }

        var answer = StopTests.AskToStopAsync(stage, $$"""{"requestId":"{{request}}","jobId":"s0","sentAt":"{{DateTimeOffset.UtcNow:O}}"}""");

        await Eventually.HoldsAsync("new jobs run meanwhile", () => stage.Finished.Count(end => end.Body.Contains("\"jobId\":\"n", StringComparison.Ordinal)) == 100);
        var free = TimeProvider.System.GetElapsedTime(killed);
        Assert.True(free < TimeSpan.FromSeconds(8), $"new jobs had to wait {free} for commands that wait for their lease");
        await Eventually.HoldsAsync(() => $"all are taken over; the other worker said:\n{other.Output}", () => other.Output.Split("Redelivered: the run goes on").Length - 1 == Slots);
        var over = TimeProvider.System.GetElapsedTime(killed);
        output.WriteLine($"new jobs were done {free} after the kill, the last run was taken over {over} after it");
        Assert.InRange(over, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));
        Assert.Equal("stopped-before-start", (string)(await answer)["outcome"]!);
        Assert.Equal(6, (int)(await stage.FinishedAsync(request, "s0"))["finalState"]!);
        await File.WriteAllTextAsync($"{starts}.end", "");
        await Eventually.HoldsAsync("all end", () => stage.Finished.Count == 100 + Slots);
        File.Delete(starts);
        File.Delete($"{starts}.end");
    }

    [Fact]
    public async Task A_run_whose_worker_is_killed_while_it_waits_on_the_spot_waits_for_the_rest_and_counts_all_its_tries()
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__ParkWaitsOver"] = "1h" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var fails = Base64("""{"cmd":"/bin/false"}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{fails}}","retry":1,"retryWait":"6s"},
             "sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await StopTests.StatusAsync(stage, request, status => (bool)status["sleeping"]!);

        await stage.Worker.KillAsync();
        await stage.AddWorkerAsync(settings);

        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Equal((4, 2, 2, 2), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("both logs", () => stage.RequestManager.Rows.Count == 2);
        var rows = stage.RequestManager.Rows.OrderBy(row => row.Try).ToList();
        Assert.True(rows[1].StartedAt - rows[0].FinishedAt >= 5_400_000_000);
        Assert.Single(stage.Ends(request, "abcd"));
    }

    [Fact]
    public async Task A_resume_of_a_run_that_was_stopped_while_it_waited_goes_on_when_its_worker_is_killed()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var script = Base64("""{"cmd":"/bin/sh","args":["-c","[ $JOBRUNNER_TRY -eq 1 ] && exit 1; sleep 8"]}""");
        string Command(int tries) => $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{script}}","retry":2,"retryWait":"1h"},
             "prevTries":{{tries}},"totalTries":{{tries}},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """;
        await stage.Client.SendAsync("run-job", Command(0));
        await Eventually.HoldsAsync("it waits in the broker", () => stage.Worker.Output.Contains("Run goes on elsewhere", StringComparison.Ordinal));
        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{request}}","sentAt":"{{DateTimeOffset.UtcNow:O}}"}""");
        var stopped = await stage.FinishedAsync(request, "abcd");
        Assert.Equal((6, 1, 1), ((int)stopped["finalState"]!, (int)stopped["prevTries"]!, (int)stopped["totalTries"]!));

        await stage.Client.SendAsync("run-job", Command(1));
        await StopTests.StatusAsync(stage, request, status => (int)status["try"]! == 2 && !(bool)status["sleeping"]! && (int)status["state"]! == 2);
        await stage.Worker.KillAsync();
        var other = await stage.AddWorkerAsync();

        await Eventually.HoldsAsync(() => $"its end; the other worker said:\n{other.Output}", () => stage.Ends(request, "abcd").Count == 2);
        var end = stage.Ends(request, "abcd")[1];
        Assert.Equal((3, 2, 2), ((int)end["finalState"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("logs 1 and 2", () => stage.RequestManager.Rows.Select(row => row.Try).Order().SequenceEqual([1L, 2]));
    }

    [Fact]
    public async Task Jobs_of_a_worker_that_is_killed_again_and_again_all_end_once_with_logs_without_gap_or_repeat()
    {
        const int Jobs = 150;
        await using var stage = await Stage.SetAsync(broker);
        var second = await stage.AddWorkerAsync();
        var request = Stage.NewRequestId();
        var script = Base64("""{"cmd":"/bin/sh","args":["-c","sleep 0.2; [ $JOBRUNNER_TRY -ge 3 ]"]}""");
        for (var number = 0; number < Jobs; number++)
        {
            await stage.Client.SendAsync("run-job", $$"""
                {"requestId":"{{request}}","job":{"id":"{{number:x4}}","type":"shell-command","bytes":"{{script}}","retry":3,"retryWait":"{{(number % 2 == 0 ? "100ms" : "2s")}}"},
                 "sentAt":"{{DateTimeOffset.UtcNow:O}}"}
                """);
        }

        for (var kill = 0; kill < 4; kill++)
        {
            var endsBefore = stage.Finished.Count;
            await Eventually.HoldsAsync("some progress", () => stage.Finished.Count > endsBefore + 5 || stage.Finished.Count >= Jobs);
            await second.KillAsync();
            second = await stage.AddWorkerAsync();
        }

        await Eventually.HoldsAsync(
            "all jobs end", () => stage.Finished.Select(end => end.Body).Distinct().Count() >= Jobs, TimeSpan.FromMinutes(2));
        foreach (var number in Enumerable.Range(0, Jobs))
        {
            var end = (await stage.FinishedAsync(request, $"{number:x4}")).ToJsonString();
            Assert.All(stage.Ends(request, $"{number:x4}"), again => Assert.Equal(end, again.ToJsonString()));
            Assert.Contains("\"finalState\":3", end);
        }

        await Eventually.HoldsAsync("every log", () => stage.RequestManager.Rows.Count >= 3 * Jobs);
        Assert.All(
            stage.RequestManager.Rows.GroupBy(row => row.JobId),
            job => Assert.Equal([1L, 2, 3], job.Select(row => row.Try).Order()));
    }

    [Fact]
    public async Task A_job_that_kills_its_worker_fails_for_good_and_the_job_behind_it_is_not_blamed()
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__CrashBudget"] = "3", ["JobRunner__Worker__Slots"] = "1" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var kills = Base64("""{"cmd":"/bin/sh","args":["-c","sleep 0.5; kill -9 $PPID; sleep 60"]}""");
        var sleeps = Base64("""{"duration":3000000000}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"kill","type":"shell-command","bytes":"{{kills}}","retry":5},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"good","type":"sleep","bytes":"{{sleeps}}"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        for (var death = 0; death < 3; death++)
        {
            await Eventually.HoldsAsync("the worker dies", () => stage.Newest.HasExited);
            await stage.AddWorkerAsync(settings);
        }

        var end = await stage.FinishedAsync(request, "kill");
        Assert.Equal((4, 1), ((int)end["finalState"]!, (int)end["totalTries"]!));
        Assert.Contains("worker died 3 times", (string)end["error"]!);
        Assert.Equal(3, (int)(await stage.FinishedAsync(request, "good"))["finalState"]!);
        await Eventually.HoldsAsync("both logs", () => stage.RequestManager.Rows.Count == 2);
        Assert.Contains("worker died 3 times", stage.RequestManager.Rows.Single(row => row.JobId == "kill").Error);
        // The command itself goes there after its log and its end are out.
        PlainMessage? kept = null;
        await Eventually.HoldsAsync("the command is kept for a person", async () => (kept = await stage.Client.GetAsync("run-job_error")) is not null);
        Assert.Contains("worker died 3 times", kept!.Header("MT-Fault-Message"));
        Assert.Single(stage.Ends(request, "kill"));
    }

    [Fact]
    public async Task Accepted_logs_and_waiting_runs_survive_a_broker_that_is_killed_and_started_again()
    {
        await using var node = await RabbitMqNode.StartAsync();
        await using var manager = await StubRequestManager.StartAsync();
        await using var worker = await WorkerProcess.StartAsync(node.UriOf("/"), new Dictionary<string, string>
        {
            ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl,
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
        });
        var request = Stage.NewRequestId();
        var script = Base64("""{"cmd":"/bin/sh","args":["-c","sleep 8"]}""");
        var fails = Base64("""{"cmd":"/bin/false"}""");
        await using (var client = await PlainClient.ConnectAsync(node.UriOf("/")))
        {
            await client.Channel.QueueDeclareAsync("ends", durable: true, exclusive: false, autoDelete: false);
            await client.Channel.QueueBindAsync("ends", "job-finished", "");
            await client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"runs","type":"shell-command","bytes":"{{script}}"} }""");
            await client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"wait","type":"shell-command","bytes":"{{fails}}","retry":1,"retryWait":"9s"} }""");
            await Eventually.HoldsAsync("one waits", () => worker.Output.Contains("Run goes on elsewhere", StringComparison.Ordinal));
        }

        await RabbitMqNode.StreamsOutliveAKillAsync();
        await node.KillAsync();
        await node.StartServerAsync();

        await Eventually.HoldsAsync(() => $"three logs; the worker said:\n{worker.Output}", () => manager.Rows.Count == 3, TimeSpan.FromMinutes(1));
        Assert.Equal(["runs1", "wait1", "wait2"], manager.Rows.Select(row => $"{row.JobId}{row.Try}").Order());
        await using var after = await PlainClient.ConnectAsync(node.UriOf("/"));
        await Eventually.HoldsAsync("both ends", async () => await after.CountAsync("ends") >= 2, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_run_that_a_broker_sent_on_twice_as_it_was_killed_runs_its_next_try_once()
    {
        await using var node = await RabbitMqNode.StartAsync();
        await using var stage = await Stage.SetAsync(node, new() { ["JobRunner__Worker__Lease"] = "2s", ["JobRunner__Worker__KnownWaits"] = "2s" });
        await RabbitMqNode.StreamsOutliveAKillAsync();
        var request = Stage.NewRequestId();
        var starts = Path.Combine(Path.GetTempPath(), request);
        var script = Base64($$"""{"cmd":"/bin/sh","args":["-c","echo >> {{starts}}; [ $JOBRUNNER_TRY -eq 2 ]"]}""");
        var observer = await stage.Client.Channel.QueueDeclareAsync(cancellationToken: TestContext.Current.CancellationToken);
        await stage.Client.Channel.QueueBindAsync(observer.QueueName, "run-job.wait", "2s", cancellationToken: TestContext.Current.CancellationToken);
        var waits = await stage.Client.ConsumeAsync(observer.QueueName);
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"twice","type":"shell-command","bytes":"{{script}}","retry":1,"retryWait":"2s"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await stage.FinishedAsync(request, "twice");
        var leg = Assert.Single(waits);

        await node.KillAsync();
        await node.StartServerAsync();
        // What the killed broker may have put there, and not yet removed where it waited.
        await using (var client = await PlainClient.ConnectAsync(stage.Uri))
        {
            await client.Channel.BasicPublishAsync("", "run-job", mandatory: true, new BasicProperties(leg.Properties), Encoding.UTF8.GetBytes(leg.Body), TestContext.Current.CancellationToken);
            await Eventually.HoldsAsync(() => $"it is dropped; the worker said:\n{stage.Worker.Output}", () => stage.Worker.Output.Contains("Delivery dropped", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
        }

        Assert.Equal(2, (await File.ReadAllLinesAsync(starts, TestContext.Current.CancellationToken)).Length);
        File.Delete(starts);
    }

    [Fact]
    public async Task A_run_parked_for_a_length_of_wait_that_is_new_survives_a_broker_that_is_killed_in_that_moment()
    {
        await using var node = await RabbitMqNode.StartAsync();
        await using var manager = await StubRequestManager.StartAsync();
        await using var worker = await WorkerProcess.StartAsync(node.UriOf("/"), new Dictionary<string, string>
        {
            ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl,
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
        });
        await RabbitMqNode.StreamsOutliveAKillAsync();
        var request = Stage.NewRequestId();
        var fails = Base64("""{"cmd":"/bin/false"}""");
        await using (var client = await PlainClient.ConnectAsync(node.UriOf("/")))
        {
            await client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"wait","type":"shell-command","bytes":"{{fails}}","retry":1,"retryWait":"7s"} }""");
            await Eventually.HoldsAsync("it waits", () => worker.Output.Contains("Run goes on elsewhere", StringComparison.Ordinal));
        }

        await node.KillAsync();
        await node.StartServerAsync();

        await Eventually.HoldsAsync(() => $"two logs; the worker said:\n{worker.Output}", () => manager.Rows.Count == 2, TimeSpan.FromMinutes(1));
        var (first, second) = (manager.Rows.MinBy(row => row.Try)!, manager.Rows.MaxBy(row => row.Try)!);
        output.WriteLine($"waited {(second.StartedAt - first.FinishedAt) / 1e9:f1} s");
        Assert.True(second.StartedAt - first.FinishedAt >= 6_900_000_000, $"waited {(second.StartedAt - first.FinishedAt) / 1e9} s instead of 7");
    }
}
