using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A broker short of memory reads nothing from those who publish. Workers wait; nothing is lost.</summary>
public sealed class AlarmTests(AlarmTests.Node own) : IClassFixture<AlarmTests.Node>
{
    private static readonly Dictionary<string, string> Settings = new()
    {
        ["JobRunner__Jobs__Shell__Enabled"] = "true",
        ["JobRunner__Worker__Lease"] = "3s",
    };

    /// <summary>A broker that no other test has to wait for.</summary>
    public sealed class Node : IAsyncLifetime
    {
        public RabbitMqNode Broker { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Broker = await RabbitMqNode.StartAsync();

        public ValueTask DisposeAsync() => Broker.DisposeAsync();
    }

    [Fact]
    public async Task Tries_go_on_during_a_memory_alarm_and_their_logs_and_results_come_when_it_is_over()
    {
        var uri = own.Broker.UriOf(await own.Broker.NewVirtualHostAsync());
        await using var manager = await StubRequestManager.StartAsync();
        await using var worker = await StartAsync(uri, manager);
        await using var client = await PlainClient.ConnectAsync(uri);
        await using var listener = await PlainClient.ConnectAsync(uri);
        var ends = await listener.ListenAsync("job-finished");
        var request = Stage.NewRequestId();
        var file = Path.Combine(Path.GetTempPath(), request);
        // The first try fails once there is an alarm; the second one shows that the first one's log was accepted.
        await SendAsync(client, request, "long", $"until [ -e {file} ]; do sleep 0.1; done; [ $JOBRUNNER_TRY = 2 ]", retry: 1);
        await SendAsync(client, request, "more", $"until [ -e {file} ]; do sleep 0.1; done");
        await RunningAsync(worker, 2);

        await RaiseAlarmAsync();
        await File.WriteAllTextAsync(file, "");
        await Eventually.HoldsAsync(() => $"it says so:\n{worker.Output}", () => worker.Output.Contains("The broker has an alarm", StringComparison.Ordinal));
        var lease = Stopwatch.StartNew();
        await Eventually.HoldsAsync("longer than a lease", () => lease.Elapsed > TimeSpan.FromSeconds(4));
        Assert.Empty(ends);
        Assert.Empty(manager.Rows);
        Assert.DoesNotContain("gives", worker.Output);

        await EndAlarmAsync();

        await Eventually.HoldsAsync(() => $"both end:\n{worker.Output}", () => ends.Count >= 2);
        await Eventually.HoldsAsync("three logs", () => manager.Rows.Count == 3);
        Assert.Equal(["long1", "long2", "more1"], manager.Rows.Select(row => $"{row.JobId}{row.Try}").Order());
        Assert.Equal(3, manager.Requests.Count(call => call.Method == "POST"));
        Assert.Equal(2, ends.Count);
        Assert.Contains("The alarm of the broker is over", worker.Output);
        File.Delete(file);
    }

    [Fact]
    public async Task A_drain_during_a_memory_alarm_ends_in_bounded_time_and_nothing_is_lost()
    {
        var uri = own.Broker.UriOf(await own.Broker.NewVirtualHostAsync());
        await using var manager = await StubRequestManager.StartAsync();
        await using var worker = await StartAsync(uri, manager, "1s");
        await using var client = await PlainClient.ConnectAsync(uri);
        await using var listener = await PlainClient.ConnectAsync(uri);
        var ends = await listener.ListenAsync("job-finished");
        var request = Stage.NewRequestId();
        var file = Path.Combine(Path.GetTempPath(), request);
        await SendAsync(client, request, "stay", $"until [ -e {file} ]; do sleep 0.1; done");
        await SendAsync(client, request, "ends", "sleep 2; exit 0");
        await RunningAsync(worker, 2);

        await RaiseAlarmAsync();
        var watch = Stopwatch.StartNew();
        var exit = await worker.TerminateAsync();
        watch.Stop();
        TestContext.Current.SendDiagnosticMessage($"drained in {watch.Elapsed.TotalSeconds:f1} s");
        Assert.True(exit == 0, worker.Output);
        // DrainTimeout 1 s, StopTimeout 1 s, and 40 s to hand over and to close.
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(42 + 10), $"{watch.Elapsed}");

        await EndAlarmAsync();
        await File.WriteAllTextAsync(file, "");
        await using var second = await StartAsync(uri, manager);
        await Eventually.HoldsAsync(
            () => $"both end:\n{worker.Output}\n---\n{second.Output}", () => Jobs(ends).Distinct().Count() == 2, TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync("every try has its log", () => Full(manager, ends));
        Assert.All(ends, end => Assert.Equal(3, (int)JsonNode.Parse(end.Body)!["finalState"]!));
        File.Delete(file);
    }

    [Fact]
    public async Task Commands_say_that_the_broker_has_an_alarm_and_obey_signals_at_once()
    {
        var uri = own.Broker.UriOf(await own.Broker.NewVirtualHostAsync());
        await using var manager = await StubRequestManager.StartAsync();
        await using var worker = await StartAsync(uri, manager);
        await using var client = await PlainClient.ConnectAsync(uri);
        await client.SendAsync("run-job", "no JSON");
        await Eventually.HoldsAsync("it is refused", async () => await client.CountAsync("run-job_error") == 1);
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, """{"job":{"id":"slep","type":"sleep","bytes":{"duration":3600000000000}}}""");
        string[][] waiting = [["submit", "--wait", file], ["ps"], ["ps", "--watch"], ["stop", "nobody"], ["replay", "--since", "1h"], ["errors", "retry", "--all", "--yes"]];
        // Begun before the alarm: one that waits for its job, one that looks at workers again and again.
        await using var submitted = Program(["submit", "--wait", file]);
        await using var again = Program(["submit", "--wait", file]);
        await using var watched = Program(["ps", "--watch"]);
        await Eventually.HoldsAsync("the jobs run", () => worker.Output.Split("Try 1 starts").Length > 2);
        await Eventually.HoldsAsync("they are seen", () => watched.Output.Contains("slep", StringComparison.Ordinal));

        await RaiseAlarmAsync();
        try
        {
            await EndsAtOnceAsync(submitted, 143);
            await EndsAtOnceAsync(again, 130);
            await EndsAtOnceAsync(watched, 143);
            Assert.Contains("the broker has an alarm", submitted.Output);
            Assert.Contains("no stop can be sent", submitted.Output);
            foreach (var command in waiting)
            {
                await using var terminated = Program(command);
                await using var interrupted = Program(command);
                await SaysAlarmAsync(terminated);
                await SaysAlarmAsync(interrupted);
                await EndsAtOnceAsync(terminated, 143);
                await EndsAtOnceAsync(interrupted, 130);
            }

            await using var killed = Program(["errors", "retry", "--all", "--yes"]);
            await SaysAlarmAsync(killed);
            await killed.KillAsync();
            await Eventually.HoldsAsync(
                "nobody reads the error queue any more", async () => (await client.Channel.QueueDeclarePassiveAsync("run-job_error")).ConsumerCount == 0);

            // What needs nothing of the broker but an answer has it; what waits does not wait for ever.
            await using var bounded = Program(["ps"]);
            await using var errors = Program(["errors", "list"]);
            await using var logs = Program(["logs", "nobody"]);
            Assert.Equal(1, await errors.ExitCodeAsync() + await logs.ExitCodeAsync());
            Assert.Contains("no JSON", errors.Output);

            // Only now: it reads the error queue too, and a message that it holds is not in the list.
            await using var status = Program(["status"]);
            Assert.Equal(1, await status.ExitCodeAsync());
            Assert.Contains("! the broker has an alarm", status.Output);
            Assert.Equal(1, await bounded.ExitCodeAsync());
            Assert.Contains("so nothing was sent", bounded.Output);
        }
        finally
        {
            await EndAlarmAsync();
            File.Delete(file);
        }

        WorkerProcess Program(string[] arguments) => WorkerProcess.Start(
            [.. arguments, "--broker", uri.ToString()], new Dictionary<string, string> { ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl });
    }

    private static Task SaysAlarmAsync(WorkerProcess program) => Eventually.HoldsAsync(
        () => $"it says that there is an alarm:\n{program.Output}", () => program.Output.Contains("the broker has an alarm", StringComparison.Ordinal));

    /// <summary>At once, as far as a busy machine can tell: what waits would wait for 30 s at least.</summary>
    private static async Task EndsAtOnceAsync(WorkerProcess program, int exitCode)
    {
        var watch = Stopwatch.StartNew();
        Assert.Equal(exitCode, await (exitCode == 143 ? program.TerminateAsync() : program.InterruptAsync()));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(15), $"it took {watch.Elapsed}:\n{program.Output}");
    }

    private static IEnumerable<string> Jobs(ConcurrentQueue<PlainMessage> ends) => ends.Select(end => (string)JsonNode.Parse(end.Body)!["jobId"]!);

    private static bool Full(StubRequestManager manager, ConcurrentQueue<PlainMessage> ends) => ends.Select(end => JsonNode.Parse(end.Body)!).All(end =>
        manager.Rows.Where(row => row.JobId == (string)end["jobId"]!).Select(row => row.Try).Order()
            .SequenceEqual(Enumerable.Range(1, (int)end["totalTries"]!).Select(number => (long)number)));

    private static Task<WorkerProcess> StartAsync(Uri uri, StubRequestManager manager, string timeouts = "30s") => WorkerProcess.StartAsync(uri, new Dictionary<string, string>(Settings)
    {
        ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl,
        ["JobRunner__Worker__DrainTimeout"] = timeouts,
        ["JobRunner__Worker__StopTimeout"] = timeouts,
        ["Logging__LogLevel__JobRunner.Bus.Runners"] = "Debug",
    });

    private static Task SendAsync(PlainClient client, string request, string job, string script, int retry = 0)
    {
        var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString()));
        return client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"{{job}}","type":"shell-command","bytes":"{{bytes}}","retry":{{retry}},"retryWait":"10ms"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
    }

    private static Task RunningAsync(WorkerProcess worker, int tries) => Eventually.HoldsAsync(
        () => $"{tries} tries run:\n{worker.Output}", () => worker.Output.Split("Try 1 starts").Length > tries);

    private async Task RaiseAlarmAsync()
    {
        await own.Broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");
        await Eventually.HoldsAsync("the alarm", async () => !await NoAlarmAsync());
    }

    private async Task EndAlarmAsync()
    {
        await own.Broker.ControlAsync("set_vm_memory_high_watermark", "0.8");
        await Eventually.HoldsAsync("no alarm", NoAlarmAsync);
    }

    private async Task<bool> NoAlarmAsync()
    {
        using var answer = await own.Broker.Management.GetAsync(new Uri("health/checks/alarms", UriKind.Relative));
        return answer.IsSuccessStatusCode;
    }
}
