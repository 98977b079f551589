using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>A Request Manager that is away loses no log, is not hammered, and is found again at once.</summary>
public sealed class OutageTests(Broker broker)
{
    // Far shorter than the outages of the tests: what is down for all must not use up what a log has for itself.
    private static readonly Dictionary<string, string> Hasty = new()
    {
        ["JobRunner__Report__RedeliverAfter"] = "100ms,300ms,1s",
        ["JobRunner__Report__RedeliverFor"] = "2s",
        ["JobRunner__RequestManager__AttemptDelay"] = "100ms",
        ["JobRunner__RequestManager__AttemptTimeout"] = "300ms",
    };

    public static TheoryData<string> Outages => ["hangs up", "hangs", "has no database", "answers in riddles", "is too busy"];

    [Theory]
    [MemberData(nameof(Outages))]
    public async Task A_Request_Manager_that_is_away_under_load_gets_every_log_once_on_its_return(string outage)
    {
        await using var stage = await Stage.SetAsync(broker, Hasty);
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        await feed.SendAsync(50);
        await Eventually.HoldsAsync("the first logs", () => stage.RequestManager.Rows.Count == 50);

        stage.RequestManager.Always = outage switch
        {
            "hangs up" => StubAnswer.StoreAndClose,
            "hangs" => StubAnswer.Hang,
            "has no database" => StubAnswer.Error(500, "dial tcp 127.0.0.1:3306: connect: connection refused"),
            "answers in riddles" => StubAnswer.Error(500, "unknown trouble"),
            "is too busy" => StubAnswer.Of(503, ""),
            _ => null,
        };
        var before = stage.RequestManager.RequestCount;
        using var load = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var tick = 0; tick < 35; tick++)
        {
            await load.WaitForNextTickAsync(TestContext.Current.CancellationToken);
            await feed.SendAsync(6);
        }

        Assert.Contains("Job logs do not get through", stage.Worker.Output);
        // 32 deliveries with 5 attempts each before it is noticed; then a probe now and then.
        Assert.InRange(stage.RequestManager.RequestCount - before, 0, 32 * 5 * 2);
        stage.RequestManager.Always = null;

        await Eventually.HoldsAsync(
            () => $"every log; {stage.RequestManager.Rows.Count} of {feed.Count} came, the worker said:\n{stage.Worker.Output}",
            () => stage.RequestManager.Rows.Count == feed.Count, TimeSpan.FromSeconds(20));
        Assert.Equal(feed.JobIds.Order(), stage.RequestManager.Rows.Select(row => row.JobId).Order());
        Assert.Contains("Job logs get through again", stage.Worker.Output);
        // One line that it begins, one that it ends; each attempt is told at level Debug alone.
        Assert.DoesNotContain("MassTransit", stage.Worker.Output);
        Assert.Equal(2, stage.Worker.Output.Split("Job logs do not get through").Length);
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));
    }

    [Fact]
    public async Task Jobs_run_and_stop_as_ever_while_the_Request_Manager_is_away()
    {
        var port = RabbitMqNode.FreePort();
        await using var stage = await Stage.SetAsync(broker, new(Hasty) { ["JobRunner__Http__Port"] = $"{port}" });
        await stage.RequestManager.GoDownAsync();
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        await feed.SendAsync(500);
        await Eventually.HoldsAsync("it is noticed", () => stage.Worker.Output.Contains("Job logs do not get through", StringComparison.Ordinal));
        var request = Stage.NewRequestId();

        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"noop","type":"noop"} }""");
        Assert.Equal(3, (int)(await stage.FinishedAsync(request, "noop"))["finalState"]!);
        var sleeps = Convert.ToBase64String("""{"duration":60000000000}"""u8);
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"long","type":"sleep","bytes":"{{sleeps}}"} }""");
        await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);
        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{request}}","jobId":"long"}""");
        Assert.Equal(6, (int)(await stage.FinishedAsync(request, "long"))["finalState"]!);

        // It can run jobs, and that is what it is asked for.
        using var http = new HttpClient();
        Assert.True((await http.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"), TestContext.Current.CancellationToken)).IsSuccessStatusCode);
        var metrics = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
        Assert.Matches("(?m)^jobrunner_job_log_store_up[^ ]* 0$", metrics);
        Assert.Matches("(?m)^jobrunner_job_log_deliveries_held[^ ]* 3[0-2]$", metrics);
    }

    [Fact]
    public async Task A_worker_that_ends_in_an_outage_ends_soon_and_leaves_every_log_to_the_next()
    {
        await using var stage = await Stage.SetAsync(broker, Hasty);
        await stage.RequestManager.GoDownAsync();
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        await feed.SendAsync(300);
        await Eventually.HoldsAsync("it is noticed", () => stage.Worker.Output.Contains("Job logs do not get through", StringComparison.Ordinal));

        Assert.Equal(0, await stage.Worker.TerminateAsync().WaitAsync(TimeSpan.FromSeconds(9), TestContext.Current.CancellationToken));

        await stage.RequestManager.ComeUpAsync();
        await stage.AddWorkerAsync(Hasty);
        await Eventually.HoldsAsync("every log", () => stage.RequestManager.Rows.Count == feed.Count);
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));
    }
}
