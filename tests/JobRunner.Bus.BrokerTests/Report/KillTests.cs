using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>
/// A worker or a broker that is killed while logs are redelivered loses none. <c>JOBRUNNER_TEST_KILLS</c> sets how often each
/// is killed.
/// </summary>
public sealed class KillTests(Broker broker)
{
    // So that most logs are redelivered, and kills meet them on their way to a delay queue or back.
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["JobRunner__Report__RedeliverAfter"] = "100ms,200ms,400ms",
        ["JobRunner__RequestManager__AttemptDelay"] = "5ms",
        ["JobRunner__RequestManager__Attempts"] = "2",
        ["Logging__LogLevel__JobRunner.Bus.Delivery"] = "Error",
    };

    private static readonly string[] Riddles = ["not now", "not this one", "later"];

    [Fact]
    public async Task A_worker_killed_while_it_redelivers_loses_no_log_and_doubles_none()
    {
        var kills = Scale.Of("JOBRUNNER_TEST_KILLS", 4);
        await using var stage = await Stage.SetAsync(broker, Settings);
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        Trouble(stage.RequestManager);
        for (var kill = 0; kill < kills; kill++)
        {
            await feed.SendAsync(150);
            var before = stage.RequestManager.RequestCount;
            var calls = Random.Shared.Next(20, 200);
            await Eventually.HoldsAsync("it delivers", () => stage.RequestManager.RequestCount - before > calls);
            await stage.Newest.KillAsync();
            await stage.AddWorkerAsync(Settings);
        }

        await ArrivedAsync(stage.RequestManager, feed);
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));
        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, {feed.Count} logs, {stage.RequestManager.RequestCount} requests");
    }

    [Fact]
    public async Task A_broker_killed_while_logs_wait_for_their_redelivery_loses_none_and_doubles_none()
    {
        var kills = Scale.Of("JOBRUNNER_TEST_KILLS", 1);
        await using var node = await RabbitMqNode.StartAsync();
        await using var manager = await StubRequestManager.StartAsync();
        await using var worker = await WorkerProcess.StartAsync(
            node.UriOf("/"), new Dictionary<string, string>(Settings) { ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl });
        Trouble(manager);
        await RabbitMqNode.StreamsOutliveAKillAsync();
        var sent = new List<(string Request, int Count)>();
        for (var kill = 0; kill < kills; kill++)
        {
            await using var feed = await LogFeed.OpenAsync(node.UriOf("/"));
            await feed.SendAsync(300);
            sent.Add((feed.RequestId, feed.Count));
            var before = manager.RequestCount;
            var calls = Random.Shared.Next(20, 300);
            await Eventually.HoldsAsync("it delivers", () => manager.RequestCount - before > calls, TimeSpan.FromMinutes(2));
            await node.KillAsync();
            await node.StartServerAsync();
        }

        await using var last = await LogFeed.OpenAsync(node.UriOf("/"));
        await last.SendAsync(1);
        var expected = sent.Sum(feed => feed.Count) + 1;
        await Eventually.HoldsAsync(
            () => $"{expected} logs; {manager.Rows.Count} came, the worker said:\n{worker.Output}", () => manager.Rows.Count == expected, TimeSpan.FromMinutes(2));
        await using var client = await PlainClient.ConnectAsync(node.UriOf("/"));
        Assert.Equal(0u, await client.CountAsync("job-log-recorded_error"));
        TestContext.Current.TestOutputHelper!.WriteLine($"{kills} kills, {expected} logs, {manager.RequestCount} requests");
    }

    /// <summary>Two of three attempts fail, some of them after the log was stored.</summary>
    private static void Trouble(StubRequestManager manager)
    {
        manager.Records = false;
        manager.Decide = _ => Random.Shared.Next(6) switch
        {
            0 => StubAnswer.StoreAndClose,
            < 4 => StubAnswer.Error(500, Riddles[Random.Shared.Next(Riddles.Length)]),
            _ => null,
        };
    }

    private static async Task ArrivedAsync(StubRequestManager manager, LogFeed feed)
    {
        await Eventually.HoldsAsync(() => $"{feed.Count} logs; {manager.Rows.Count} came", () => manager.Rows.Count == feed.Count, TimeSpan.FromMinutes(2));
        Assert.Equal(feed.JobIds.Order(StringComparer.Ordinal), manager.Rows.Select(row => row.JobId).Order(StringComparer.Ordinal));
    }
}
