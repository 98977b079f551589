using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests;

/// <summary>
/// The command <c>move</c>: all that lies at one broker goes on at another. The first is the RabbitMQ that apt installs, the other the one that
/// tests run on, so with <c>RABBITMQ=4</c> this is the way from 3.10 to 4, which no upgrade in place takes.
/// </summary>
public sealed class MoveTests(Broker broker, ITestOutputHelper output)
{
    private static readonly StubAnswer TooLong = StubAnswer.Error(500, "Error 1406: Data too long for column 'error' at row 1");

    private static string Script(string script) => Convert.ToBase64String(Encoding.UTF8.GetBytes($$"""{"cmd":"/bin/sh","args":["-c","{{script}}"]}"""));

    private static string Command(string request, string id, string script, string retryWait = "30s", DateTimeOffset? sentAt = null) => $$"""
        {"requestId":"{{request}}","job":{"id":"{{id}}","name":"{{id}}","type":"shell-command","bytes":"{{Script(script)}}","retry":1,"retryWait":"{{retryWait}}"},
         "sentAt":"{{sentAt ?? DateTimeOffset.UtcNow:O}}"}
        """;

    [Fact]
    public async Task Everything_that_lies_at_a_broker_goes_on_at_another()
    {
        var starting = RabbitMqNode.StartAsync();
        await using var old = await RabbitMqNode.StartInstalledAsync();
        await using var next = await starting;
        await using var stage = await Stage.SetAsync(old, new() { ["JobRunner__Worker__ParkWaitsOver"] = "5s" });
        var request = Stage.NewRequestId();
        stage.RequestManager.Decide = call => Encoding.UTF8.GetString(call.Body.Span).Contains("\"fail\"", StringComparison.Ordinal) ? TooLong : null;
        var results = stage.Client.Channel;
        await results.QueueDeclareAsync("scheduler.results", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        await results.QueueBindAsync("scheduler.results", "job-finished", "");

        // One that is done, one whose log is refused for good, a command that is none.
        await stage.Client.SendAsync("run-job", Command(request, "done", "exit 0"));
        await stage.Client.SendAsync("run-job", Command(request, "fail", "exit 0"));
        await stage.Client.SendAsync("run-job", "no command");
        await stage.FinishedAsync(request, "done");
        await stage.FinishedAsync(request, "fail");
        await Eventually.HoldsAsync("one log and one command are refused", async () =>
            await stage.Client.CountAsync("job-log-recorded_error") == 1 && await stage.Client.CountAsync("run-job_error") == 1);

        // One in its second try as its worker is killed.
        var marker = Path.Combine(Path.GetTempPath(), request);
        await stage.Client.SendAsync("run-job", Command(request, "kill", $"[ $JOBRUNNER_TRY -lt 2 ] && exit 1; test -e {marker} && exit 0; exec sleep 60", "50ms"));
        await StopTests.StatusAsync(stage, request, status => (string)status["jobId"]! == "kill" && (int)status["try"]! == 2 && (int)status["state"]! == 2);

        // A stop that says no time: it counts from when a worker saw it.
        var (stopped, before) = (Stage.NewRequestId(), DateTimeOffset.UtcNow);
        var stops = await stage.Client.CountAsync("stop-job");
        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{stopped}}"}""");
        await Eventually.HoldsAsync("the stop is there, and when it was seen", async () => await stage.Client.CountAsync("stop-job") >= stops + 2);

        // One that waits for its second try. All up to the move must be over before it is due.
        await stage.Client.SendAsync("run-job", Command(request, "wait", "[ $JOBRUNNER_TRY -eq 2 ]", "1m"));
        await Eventually.HoldsAsync("it waits in the broker", async () => (await old.ControlAsync("list_queues", "-p", stage.Uri.AbsolutePath[1..], "name", "messages", "--silent"))
            .Split('\n').Any(line => line.StartsWith("run-job.wait.1m", StringComparison.Ordinal) && line.EndsWith("\t1", StringComparison.Ordinal)));

        var (exit, told) = await MoveAsync(next.UriOf("/"));
        Assert.True(exit == 1 && told.Contains("is still read by 1", StringComparison.Ordinal) && told.Contains("Nothing was moved", StringComparison.Ordinal), told);

        (exit, told) = await MoveAsync(new UriBuilder(stage.Uri) { Host = stage.Uri.Host == "localhost" ? "127.0.0.1" : "localhost" }.Uri);
        Assert.True(exit == 1 && told.Contains("are the same broker and virtual host", StringComparison.Ordinal), told);
        Assert.DoesNotContain("worker.mark", await old.ControlAsync("list_queues", "-p", stage.Uri.AbsolutePath[1..], "name", "--silent"), StringComparison.Ordinal);

        await stage.Worker.KillAsync();
        await File.WriteAllTextAsync(marker, "");
        await stage.Client.SendAsync("run-job", Command(stopped, "old1", "exit 0", sentAt: before));
        await stage.Client.SendAsync("run-job", Command(stopped, "new1", "exit 0"));
        await Eventually.HoldsAsync("the broker has what the worker had", async () => await stage.Client.CountAsync("run-job") == 3);

        (exit, told) = await MoveAsync(next.UriOf("/"));
        Assert.True(exit == 1 && told.Contains("import the definitions", StringComparison.Ordinal), told);
        // Not before all have left: the binding of a queue that goes with its connection cannot be imported.
        await stage.Client.DisposeAsync();
        var definitions = Path.Combine(Path.GetTempPath(), $"{request}.json");
        await old.ControlAsync("export_definitions", definitions);
        await next.ControlAsync("import_definitions", definitions);
        var there = new UriBuilder(stage.Uri) { Port = next.Port }.Uri;
        (exit, told) = await MoveAsync(there, "--dry-run");
        Assert.True(exit == 0 && told.Contains("run-job: 3 messages", StringComparison.Ordinal) && told.Contains("run-job.wait.1m: 1 messages", StringComparison.Ordinal), told);

        (exit, told) = await MoveAsync(there);
        output.WriteLine(told);
        Assert.True(exit == 0, told);
        foreach (var moved in (string[])["run-job: 3", "run-job_error: 1", "job-log-recorded_error: 1", "run-job.wait.1m: 1", "scheduler.results: 2"])
        {
            Assert.Contains($"{moved} messages moved", told);
        }

        (_, told) = await MoveAsync(there, "--dry-run");
        Assert.Equal(["job-journal", "stop-job"], told.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(':')[0]));

        await using var client = await PlainClient.ConnectAsync(there);
        var ends = await client.ConsumeAsync("scheduler.results");
        stage.RequestManager.Decide = null;
        await using var worker = await WorkerProcess.StartAsync(there, new Dictionary<string, string>
        {
            ["JobRunner__RequestManager__BaseUrl"] = stage.RequestManager.BaseUrl,
            ["JobRunner__Jobs__Shell__Enabled"] = "true",
            ["JobRunner__Worker__Lease"] = "3s",
        });
        await Eventually.HoldsAsync(
            () => $"all end; the worker said:\n{worker.Output}\nand there are\n{string.Join('\n', ends.Select(end => end.Body))}", () => ends.Count == 6, TimeSpan.FromMinutes(2));
        var states = ends.Select(end => JsonNode.Parse(end.Body)!).ToDictionary(
            end => (string)end["jobId"]!, end => ((int)end["finalState"]!, (int)end["totalTries"]!));
        Assert.Equal(
            new Dictionary<string, (int, int)> { ["done"] = (3, 1), ["fail"] = (3, 1), ["wait"] = (3, 2), ["kill"] = (3, 2), ["old1"] = (6, 0), ["new1"] = (3, 1) }.OrderBy(end => end.Key),
            states.OrderBy(end => end.Key));
        await Eventually.HoldsAsync("all logs but one are there", () => stage.RequestManager.Rows.Count == 6);
        var waited = stage.RequestManager.Rows.Where(row => row.JobId == "wait").OrderBy(row => row.Try).ToList();
        Assert.InRange(waited[1].StartedAt - waited[0].FinishedAt, 59_000_000_000, 90_000_000_000);

        // The journal goes on, too: what it had is delivered again where an operator asks for it.
        (exit, told) = await RunAsync("errors", "retry", "--queue", "job-log-recorded", "--all", "--yes", "--broker", there.ToString());
        Assert.True(exit == 0, told);
        await Eventually.HoldsAsync("the refused log, too", () => stage.RequestManager.Rows.Count == 7);
        (exit, told) = await RunAsync("logs", request, "--broker", there.ToString());
        Assert.True(exit == 0 && told.Contains("wait", StringComparison.Ordinal) && told.Contains("kill", StringComparison.Ordinal), told);
        (exit, told) = await RunAsync("replay", "--since", "1h", "--dry-run", "--json", "--broker", there.ToString());
        Assert.True(exit == 0, told);
        Assert.Equal(7, (int)JsonNode.Parse(told)!["logs"]!);
        File.Delete(marker);
        File.Delete(definitions);

        Task<(int Exit, string Output)> MoveAsync(Uri to, params string[] more) =>
            RunAsync(["move", "--broker", stage.Uri.ToString(), "--to", to.ToString(), "--queue", "scheduler.results", .. more]);
    }

    [Fact]
    public async Task A_move_that_is_killed_and_called_again_loses_nothing_and_repeats_only_what_was_on_its_way()
    {
        const int Messages = 5_000;
        Uri[] hosts = [broker.Node.UriOf(await broker.Node.NewVirtualHostAsync()), broker.Node.UriOf(await broker.Node.NewVirtualHostAsync())];
        await using var from = await PlainClient.ConnectAsync(hosts[0]);
        await using var to = await PlainClient.ConnectAsync(hosts[1]);
        foreach (var client in (PlainClient[])[from, to])
        {
            await BrokerTopology.DeclareAsync(client.Channel, new WorkerOptions(), CancellationToken.None);
        }

        await Task.WhenAll(Enumerable.Range(0, Messages).Select(number => from.Channel.BasicPublishAsync("", "run-job", mandatory: true, Encoding.UTF8.GetBytes($"{number}")).AsTask()));
        string[] move = ["move", "--broker", hosts[0].ToString(), "--to", hosts[1].ToString()];
        await using (var killed = WorkerProcess.Start(move, new Dictionary<string, string>()))
        {
            await Eventually.HoldsAsync("some are moved", async () => await to.CountAsync("run-job") > 500);
            await killed.KillAsync();
        }

        var before = await to.CountAsync("run-job");
        Assert.InRange((int)before, 500, Messages - 1);
        await Eventually.HoldsAsync("what was taken is back", async () => await from.CountAsync("run-job") >= Messages - before);

        var watch = Stopwatch.StartNew();
        var (exit, told) = await RunAsync(move);
        Assert.True(exit == 0, told);
        output.WriteLine($"{before} before the kill, then in {watch.Elapsed.TotalSeconds:f1} s:\n{told}");
        Assert.Equal(0u, await from.CountAsync("run-job"));
        List<string> moved = [];
        while (await to.Channel.BasicGetAsync("run-job", autoAck: true) is { } message)
        {
            moved.Add(Encoding.UTF8.GetString(message.Body.Span));
        }

        Assert.Equal(Messages, moved.Distinct().Count());
        Assert.InRange(moved.Count - Messages, 0, 25);
    }

    [Fact]
    public async Task A_message_that_the_other_broker_never_takes_is_told_and_stays_where_it_was()
    {
        await using var next = await RabbitMqNode.StartAsync("max_message_size = 1000000");
        Uri[] hosts = [broker.Node.UriOf(await broker.Node.NewVirtualHostAsync()), next.UriOf("/")];
        await using var from = await PlainClient.ConnectAsync(hosts[0]);
        await using var to = await PlainClient.ConnectAsync(hosts[1]);
        foreach (var client in (PlainClient[])[from, to])
        {
            await BrokerTopology.DeclareAsync(client.Channel, new WorkerOptions(), CancellationToken.None);
        }

        await from.Channel.BasicPublishAsync("", "job-log-recorded_error", mandatory: true, new byte[1_500_000]);
        await from.Channel.BasicPublishAsync("", "run-job", mandatory: true, "small"u8.ToArray());
        var (exit, told) = await RunAsync("move", "--broker", hosts[0].ToString(), "--to", hosts[1].ToString());

        output.WriteLine(told);
        Assert.Equal(1, exit);
        Assert.Contains("takes no message of more than 1000000 bytes (its max_message_size)", told);
        Assert.Contains("run-job: 1 messages moved", told);
        await Eventually.HoldsAsync("it is back", async () => await from.CountAsync("job-log-recorded_error") == 1);
        Assert.Equal((0u, 1u), (await from.CountAsync("run-job"), await to.CountAsync("run-job")));
    }

    private static async Task<(int Exit, string Output)> RunAsync(params string[] arguments)
    {
        await using var program = WorkerProcess.Start([.. arguments], new Dictionary<string, string>());
        return (await program.ExitCodeAsync(), program.Output);
    }
}
