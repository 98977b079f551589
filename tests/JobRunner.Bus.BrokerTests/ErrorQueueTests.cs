using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The commands <c>errors list, show, retry, discard</c> on a real broker: nothing is lost by looking, nothing doubled by sending back.</summary>
public sealed class ErrorQueueTests(Broker broker, ITestOutputHelper output)
{
    private const string LogErrors = "job-log-recorded_error";

    private static readonly StubAnswer TooLong = StubAnswer.Error(500, "Error 1406: Data too long for column 'error' at row 1");

    private static Task AddErrorAsync(Stage stage, string body, string reason = "gave up") =>
        stage.Client.Channel.BasicPublishAsync("", LogErrors, mandatory: true, new BasicProperties
        {
            ContentType = "application/json",
            Headers = new Dictionary<string, object?> { ["MT-Fault-Message"] = reason, ["MT-Fault-Timestamp"] = $"{DateTimeOffset.UtcNow:O}", ["x-delivery-count"] = 7L },
        }, Encoding.UTF8.GetBytes(body)).AsTask();

    private static string Log(string request, string job, int number = 1) =>
        $$"""{"requestId":"{{request}}","jobId":"{{job}}","try":{{number}},"name":"n","type":"noop","state":3,"stdout":"{{new string('o', 500)}}"}""";

    private static Task HasAsync(Stage stage, string queue, int count) =>
        Eventually.HoldsAsync($"{count} messages in {queue}", async () => await stage.Client.CountAsync(queue) == count);

    [Fact]
    public async Task Logs_that_the_Request_Manager_refused_are_listed_shown_and_sent_back_once_it_is_mended()
    {
        await using var stage = await Stage.SetAsync(broker);
        stage.RequestManager.Always = TooLong;
        string[] requests = [Stage.NewRequestId(), Stage.NewRequestId()];
        foreach (var request in requests)
        {
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","name":"only","type":"noop"} }""");
        }

        await HasAsync(stage, LogErrors, 2);
        for (var look = 0; look < 2; look++)
        {
            var (exit, list) = await stage.RunAsync("errors", "list", "--json", "--reason", "error 1406");
            Assert.True(exit == 0, list);
            var errors = JsonNode.Parse(list)!.AsArray();
            Assert.Equal(requests.Order(), errors.Select(error => (string)error!["requestId"]!).Order());
            Assert.All(errors, error => Assert.Equal(("abcd", 1, LogErrors), ((string)error!["jobId"]!, (int)error["try"]!, (string)error["queue"]!)));
        }

        var (showExit, show) = await stage.RunAsync("errors", "show", "--request", requests[0]);
        Assert.Equal(0, showExit);
        Assert.Contains("MT-Fault-ExceptionType: ", show);
        Assert.Contains("Data too long for column 'error'", show);
        Assert.Contains("\"name\":\"only\"", show);
        await HasAsync(stage, LogErrors, 2);

        stage.RequestManager.Always = null;
        var (dryExit, dry) = await stage.RunAsync("errors", "retry", "--request", requests[0]);
        Assert.True(dryExit == 0 && dry.Contains("1 would be sent back.", StringComparison.Ordinal), dry);
        await HasAsync(stage, LogErrors, 2);
        Assert.Empty(stage.RequestManager.Rows);

        var (retryExit, retry) = await stage.RunAsync("errors", "retry", "--request", requests[0], "--yes");
        Assert.True(retryExit == 0 && retry.Contains("1 sent back.", StringComparison.Ordinal), retry);
        await Eventually.HoldsAsync("the log is delivered", () => stage.RequestManager.Rows.Count == 1);
        Assert.Equal(requests[0], stage.RequestManager.Rows[0].RequestId);
        await HasAsync(stage, LogErrors, 1);

        // It was not put into the journal once more.
        var (_, journal) = await stage.RunAsync("replay", "--since", "1h", "--dry-run", "--json");
        Assert.Equal(2, (int)JsonNode.Parse(journal)!["logs"]!);
    }

    [Fact]
    public async Task A_log_that_was_delivered_meanwhile_is_dropped_and_discard_removes_the_rest()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("job-log-recorded", Log(request, "held"));
        await Eventually.HoldsAsync("it is delivered", () => stage.RequestManager.Rows.Count == 1);
        await AddErrorAsync(stage, Log(request, "held"));
        await AddErrorAsync(stage, Log(request, "lost"));
        await AddErrorAsync(stage, "no log at all", "cannot be read");
        await HasAsync(stage, LogErrors, 3);

        var (exit, told) = await stage.RunAsync("errors", "retry", "--request", request, "--yes", "--request-manager", stage.RequestManager.BaseUrl);

        Assert.True(exit == 0, told);
        Assert.Contains($"job held try 1  dropped: the Request Manager at {stage.RequestManager.BaseUrl} has it", told);
        Assert.Contains("1 sent back, 1 dropped.", told);
        await Eventually.HoldsAsync("both are there", () => stage.RequestManager.Rows.Count == 2);
        Assert.Equal(2, stage.RequestManager.Requests.Count(call => call.Method == "POST"));

        (exit, told) = await stage.RunAsync("errors", "discard", "--reason", "cannot be read", "--yes");
        Assert.True(exit == 0 && told.Contains("1 discarded.", StringComparison.Ordinal), told);
        await HasAsync(stage, LogErrors, 0);
    }

    [Fact]
    public async Task A_command_that_hit_the_crash_budget_runs_again_under_new_numbers_when_it_is_sent_back()
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__CrashBudget"] = "1", ["JobRunner__Worker__Lease"] = "1s" };
        await using var stage = await Stage.SetAsync(broker, settings);
        var request = Stage.NewRequestId();
        var mended = Path.Combine(Path.GetTempPath(), request);
        var kills = Convert.ToBase64String(Encoding.UTF8.GetBytes(
            $$"""{"cmd":"/bin/sh","args":["-c","[ $JOBRUNNER_TRY = 1 ] && exit 1; test -e {{mended}} && exit 0; kill -9 $PPID; sleep 60"]}"""));
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"kill","type":"shell-command","bytes":"{{kills}}","retry":5},"jobData":{"k":"v"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await Eventually.HoldsAsync("the worker dies", () => stage.Newest.HasExited);
        await stage.AddWorkerAsync(settings);
        Assert.Equal(4, (int)(await stage.FinishedAsync(request, "kill"))["finalState"]!);
        await HasAsync(stage, "run-job_error", 1);
        await File.WriteAllTextAsync(mended, "");

        var (exit, told) = await stage.RunAsync("errors", "retry", "--queue", "run-job", "--job", "kill", "--yes");

        Assert.True(exit == 0, told);
        Assert.Contains("sent back: from try 3, 5 tries", told);
        await Eventually.HoldsAsync("it ends anew", () => stage.Ends(request, "kill").Count == 2);
        var end = stage.Ends(request, "kill")[1];
        Assert.Equal(
            (3, 1, 2, 3, "v"),
            ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!, (string)end["jobData"]!["k"]!));
        await Eventually.HoldsAsync("three logs", () => stage.RequestManager.Rows.Count == 3);
        Assert.Equal([1L, 2, 3], stage.RequestManager.Rows.Select(row => row.Try).Order());
        // The log of try 1 was delivered once more by the worker that took the run over.
        Assert.Equal(4, stage.RequestManager.Requests.Count);
        await HasAsync(stage, "run-job_error", 0);
        File.Delete(mended);
    }

    [Fact]
    public async Task A_refused_command_sent_back_whose_worker_is_killed_goes_on_and_is_not_taken_for_the_run_that_was_refused()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__MaxCommandBytes"] = "1024" });
        var request = Stage.NewRequestId();
        var started = Path.Combine(Path.GetTempPath(), request);
        var script = Convert.ToBase64String(Encoding.UTF8.GetBytes(
            $$"""{"cmd":"/bin/sh","args":["-c","test -e {{started}} && exit 0; touch {{started}}; sleep 60"]}"""));
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{script}}"},"jobData":{"long":"{{new string('x', 2000)}}"},
             "totalTries":3,"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        // Its scheduler was told FAIL under the counters it will be sent back with.
        Assert.Equal((4, 3), ((int)(await stage.FinishedAsync(request, "abcd"))["finalState"]!, (int)stage.Ends(request, "abcd")[0]["totalTries"]!));
        await HasAsync(stage, "run-job_error", 1);
        Assert.Equal(0, await stage.Worker.TerminateAsync());
        var worker = await stage.AddWorkerAsync();

        var (exit, told) = await stage.RunAsync("errors", "retry", "--all", "--yes");
        Assert.True(exit == 0 && told.Contains("sent back: from try 4, 1 try", StringComparison.Ordinal), told);
        await Eventually.HoldsAsync("its try runs", () => File.Exists(started));
        await worker.KillAsync();
        await stage.AddWorkerAsync();

        await Eventually.HoldsAsync("it ends", () => stage.Ends(request, "abcd").Count == 2);
        var end = stage.Ends(request, "abcd")[1];
        Assert.Equal((3, 1, 4, 2000), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["totalTries"]!, ((string)end["jobData"]!["long"]!).Length));
        File.Delete(started);
    }

    [Fact]
    public async Task A_long_error_queue_is_listed_whole_and_sent_back_by_two_people_at_once_one_of_them_killed()
    {
        const int Logs = 3_000;
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await Task.WhenAll(Enumerable.Range(0, Logs).Select(number => AddErrorAsync(stage, Log(request, "abcd", 1 + number))));
        await HasAsync(stage, LogErrors, Logs);

        var start = TimeProvider.System.GetTimestamp();
        var (exit, list) = await stage.RunAsync("errors", "list", "--json", "--limit", "100000");
        output.WriteLine($"{Logs} listed in {TimeProvider.System.GetElapsedTime(start).TotalSeconds:f1} s");
        Assert.Equal(0, exit);
        Assert.Equal(Enumerable.Range(1, Logs), JsonNode.Parse(list)!.AsArray().Select(error => (int)error!["try"]!).Order());
        await HasAsync(stage, LogErrors, Logs);

        await using var killed = stage.StartProgram("errors", "retry", "--all", "--yes");
        await using var other = stage.StartProgram("errors", "retry", "--all", "--yes");
        await Eventually.HoldsAsync("some are sent back", () => stage.RequestManager.Rows.Count > 50);
        await killed.KillAsync();
        Assert.True(await other.ExitCodeAsync() == 0, other.Output);
        await Eventually.HoldsAsync("the broker has taken back what was held", async () =>
        {
            var (again, told) = await stage.RunAsync("errors", "retry", "--all", "--yes");
            Assert.True(again == 0, told);
            return stage.RequestManager.Rows.Count == Logs;
        }, TimeSpan.FromMinutes(1));

        Assert.Equal(Enumerable.Range(1, Logs), stage.RequestManager.Rows.Select(row => (int)row.Try).Order());
        await HasAsync(stage, LogErrors, 0);
        output.WriteLine($"{stage.RequestManager.Requests.Count} posts for {Logs} logs");
    }

    [Fact]
    public async Task What_was_discarded_is_gone_when_the_program_has_ended()
    {
        await using var stage = await Stage.SetAsync(broker);
        await Task.WhenAll(Enumerable.Range(0, 1_000).Select(number => AddErrorAsync(stage, Log("r", "abcd", 1 + number), $"reason {number % 2}")));
        await HasAsync(stage, LogErrors, 1_000);

        var (exit, told) = await stage.RunAsync("errors", "discard", "--reason", "reason 1", "--yes");

        Assert.True(exit == 0 && told.Contains("500 discarded.", StringComparison.Ordinal), told);
        Assert.Equal(500u, await stage.Client.CountAsync(LogErrors));
    }
}
