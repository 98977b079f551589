using System.Net;
using System.Text;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A worker told to end loses nothing: what it holds goes on elsewhere with exact counters.</summary>
public sealed class DrainTests(Broker broker)
{
    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    [Fact]
    public async Task A_try_that_ends_within_the_drain_timeout_ends_here_and_the_exit_code_is_0()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var sleeps = Base64("""{"duration":2000000000}""");
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"sleep","bytes":"{{sleeps}}"} }""");
        await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);

        Assert.Equal(0, await stage.Worker.TerminateAsync());

        var end = Assert.Single(stage.Ends(request, "abcd"));
        Assert.Equal((3, 1), ((int)end["finalState"]!, (int)end["totalTries"]!));
        Assert.Equal(0u, await stage.Client.CountAsync("run-job"));
    }

    [Fact]
    public async Task A_try_cut_off_by_the_drain_is_logged_STOPPED_and_goes_on_elsewhere_with_its_budget_unspent()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__DrainTimeout"] = "500ms" });
        var request = Stage.NewRequestId();
        var marker = Path.Combine(Path.GetTempPath(), request);
        // The first worker's try sleeps; once the marker is there a try completes at once.
        var script = Base64($$"""{"cmd":"/bin/sh","args":["-c","test -e {{marker}} || exec sleep 60"]}""");
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{script}}"},"jobData":{"k":"v"} }""");
        await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);

        Assert.Equal(0, await stage.Worker.TerminateAsync());
        Assert.Empty(stage.Ends(request, "abcd"));
        await File.WriteAllTextAsync(marker, "");
        await stage.AddWorkerAsync();

        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Equal((3, 1, 1, 2), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        Assert.Equal("v", (string)end["jobData"]!["k"]!);
        await Eventually.HoldsAsync("both logs", () => stage.RequestManager.Rows.Count == 2);
        Assert.Equal([(1L, 6), (2L, 3)], stage.RequestManager.Rows.OrderBy(row => row.Try).Select(row => (row.Try, (int)row.State)));
        File.Delete(marker);
    }

    [Fact]
    public async Task A_run_that_waits_on_the_spot_is_handed_over_at_once()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__ParkWaitsOver"] = "1h" });
        var request = Stage.NewRequestId();
        var fails = Base64("""{"cmd":"/bin/false"}""");
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"abcd","type":"shell-command","bytes":"{{fails}}","retry":1,"retryWait":"8s"} }
            """);
        await StopTests.StatusAsync(stage, request, status => (bool)status["sleeping"]!);
        var asked = DateTimeOffset.UtcNow;

        Assert.Equal(0, await stage.Worker.TerminateAsync());
        Assert.True(DateTimeOffset.UtcNow - asked < TimeSpan.FromSeconds(6));
        await stage.AddWorkerAsync();

        var end = await stage.FinishedAsync(request, "abcd");
        Assert.Equal((4, 2, 2, 2), ((int)end["finalState"]!, (int)end["tries"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await Eventually.HoldsAsync("both logs", () => stage.RequestManager.Rows.Count == 2);
        var rows = stage.RequestManager.Rows.OrderBy(row => row.Try).ToList();
        Assert.True(rows[1].StartedAt - rows[0].FinishedAt >= 7_900_000_000);
    }

    [Fact]
    public async Task A_worker_that_is_told_to_drain_hands_over_what_runs_and_stays_without_taking_work()
    {
        var port = RabbitMqNode.FreePort();
        await using var stage = await Stage.SetAsync(
            broker, new() { ["JobRunner__Worker__DrainTimeout"] = "500ms", ["JobRunner__Http__Port"] = $"{port}" });
        var request = Stage.NewRequestId();
        var marker = Path.Combine(Path.GetTempPath(), request);
        var script = Base64($$"""{"cmd":"/bin/sh","args":["-c","test -e {{marker}} || exec sleep 60"]}""");
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"cutt","type":"shell-command","bytes":"{{script}}"} }""");
        var worker = (string)(await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2))["worker"]!;

        var (exit, output) = await stage.RunAsync("drain", worker);

        Assert.True(exit == 0, output);
        Assert.Contains($"{worker} is drained", output, StringComparison.Ordinal);
        using var http = new HttpClient();
        var health = await http.GetAsync($"http://127.0.0.1:{port}/health/ready");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.Contains("drained, told by ", await health.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"late","type":"noop"} }""");
        await Eventually.HoldsAsync("both wait for another worker", async () => await stage.Client.CountAsync("run-job") == 2);

        await File.WriteAllTextAsync(marker, "");
        await stage.AddWorkerAsync();
        var end = await stage.FinishedAsync(request, "cutt");
        Assert.Equal((3, 1, 2), ((int)end["finalState"]!, (int)end["prevTries"]!, (int)end["totalTries"]!));
        await stage.FinishedAsync(request, "late");
        // It delivers logs on, and tells that it is drained whoever asks again.
        await Eventually.HoldsAsync("all logs", () => stage.RequestManager.Rows.Count == 3);
        Assert.Equal(0, (await stage.RunAsync("drain", worker)).Exit);
        Assert.DoesNotContain("warn: JobRunner.Bus.Consumers", stage.Worker.Output, StringComparison.Ordinal);
        Assert.Equal(0, await stage.Worker.TerminateAsync());
        (exit, output) = await stage.RunAsync("drain", worker);
        Assert.Equal(1, exit);
        Assert.Contains($"there is no worker \"{worker}\" that runs jobs; connected are ", output, StringComparison.Ordinal);
        File.Delete(marker);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(140)]
    [InlineData(230)]
    public async Task Waiting_runs_that_fall_due_as_the_worker_ends_do_not_disturb_its_end(int logs)
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__DrainTimeout"] = "1s", ["JobRunner__Worker__ParkWaitsOver"] = "0s" });
        var fails = Base64("""{"cmd":"/bin/false"}""");
        var request = Stage.NewRequestId();
        for (var job = 0; job < 120; job++)
        {
            await stage.Client.SendAsync("run-job", $$"""
                {"requestId":"{{request}}","job":{"id":"{{job:d4}}","type":"shell-command","bytes":"{{fails}}","retry":50,"retryWait":"{{2000 + (job * 17)}}ms"} }
                """);
        }

        await Eventually.HoldsAsync("they wait, each for another time", () => stage.RequestManager.Rows.Count >= logs, TimeSpan.FromMinutes(1));

        Assert.True(await stage.Worker.TerminateAsync() == 0, stage.Worker.Output);
        Assert.DoesNotContain("Unhandled exception", stage.Worker.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("ObjectDisposedException", stage.Worker.Output, StringComparison.Ordinal);
    }
}
