using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The client library for schedulers, against real workers.</summary>
public sealed class ClientLibraryTests(Broker broker)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private static RunJob Nap(TimeSpan length, string? requestId = null) => new()
    {
        RequestId = requestId ?? JobRunnerClient.NewRequestId(),
        Job = new Job
        {
            Id = "nap1",
            Name = "nap",
            Type = "sleep",
            Bytes = System.Text.Encoding.UTF8.GetBytes($$"""{"duration":{{length.Ticks * 100}}}"""),
        },
    };

    [Fact]
    public async Task A_job_is_run_stopped_and_resumed()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri);
        var command = Nap(TimeSpan.FromMinutes(10)) with { JobData = new JsonObject { ["from"] = "test" } };

        var running = client.RunAsync(command);
        IReadOnlyList<RunnerStatus> statuses = [];
        await Eventually.HoldsAsync("it runs", async () => (statuses = await client.StatusAsync(command.RequestId)) is [{ State: JobState.Running }]);
        Assert.Equal("nap", statuses[0].Name);
        var answer = await client.StopAsync(command.RequestId);

        var reply = Assert.Single(answer.Replies);
        Assert.Equal(("stopped-while-running", JobState.Stopped), (reply.Outcome, reply.FinalState));
        Assert.Empty(answer.Unanswered);
        var stopped = await running.WaitAsync(Patience);
        Assert.Equal((JobState.Stopped, 0, 1), (stopped.FinalState, stopped.PrevTries, stopped.TotalTries));

        var resume = Nap(TimeSpan.FromMilliseconds(1), command.RequestId) with
        {
            PrevTries = stopped.PrevTries,
            TotalTries = stopped.TotalTries,
            JobData = stopped.JobData,
        };
        var ended = await client.RunAsync(resume).WaitAsync(Patience);
        Assert.Equal((JobState.Complete, 2, "test"), (ended.FinalState, ended.TotalTries, (string?)ended.JobData["from"]));
    }

    [Fact]
    public async Task A_job_with_a_typed_payload_waits_ever_longer_between_its_tries_until_it_fails_for_good()
    {
        await using var stage = await Stage.SetAsync(broker);
        var heard = new Heard();
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri, new JobRunnerClientOptions { Observer = heard, ReceivesLogs = true });
        // Fails twice so that it is tried again, then for good.
        var command = JobRunnerClient.Command("shell-command", new { Cmd = "/bin/sh", Args = (string[])["-c", "exit $((63 + JOBRUNNER_TRY))"], PermanentExits = (int[])[66] });

        var ended = await client.RunAsync(command with { Job = command.Job with { Retry = 9, RetryWait = "1500ms", RetryBackoff = 2 } }).WaitAsync(Patience);

        Assert.Equal((JobState.Fail, 3), (ended.FinalState, ended.TotalTries));
        var unknown = await Assert.ThrowsAsync<TimeoutException>(() => client.WaitForAsync(command.RequestId, "none", TimeSpan.FromMilliseconds(100)));
        Assert.StartsWith($"no result of job none of request {command.RequestId} within 00:00:00.1", unknown.Message, StringComparison.Ordinal);
        await Eventually.HoldsAsync("all logs are heard", () => heard.Logs.Count >= 3);
        var logs = heard.Logs.DistinctBy(log => log.Try).OrderBy(log => log.Try).ToList();
        Assert.Equal([(64, false), (65, false), (66, true)], logs.Select(log => (log.Exit, log.Permanent)));
        Assert.InRange(logs[1].StartedAt - logs[0].FinishedAt, 1_500_000_000, long.MaxValue);
        Assert.InRange(logs[2].StartedAt - logs[1].FinishedAt, 3_000_000_000, long.MaxValue);
    }

    [Fact]
    public async Task A_named_queue_keeps_the_result_for_the_next_process_of_the_scheduler()
    {
        await using var stage = await Stage.SetAsync(broker);
        var options = new JobRunnerClientOptions { ResultQueue = "scheduler.nightly" };
        var command = Nap(TimeSpan.FromMilliseconds(300));
        await using (var first = await JobRunnerClient.ConnectAsync(stage.Uri, options))
        {
            await first.SubmitAsync(command);
        }

        await stage.FinishedAsync(command.RequestId, "nap1");
        await using var second = await JobRunnerClient.ConnectAsync(stage.Uri, options);

        Assert.Equal(JobState.Complete, (await second.WaitForAsync(command.RequestId, "nap1").WaitAsync(Patience)).FinalState);

        await second.DisposeAsync();
        await Eventually.HoldsAsync("it is taken out of the queue", async () => await stage.Client.CountAsync("scheduler.nightly") == 0);
    }

    [Fact]
    public async Task A_connection_cut_again_and_again_loses_no_result()
    {
        await using var stage = await Stage.SetAsync(broker);
        var name = $"scheduler {Guid.NewGuid():N}";
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri, new JobRunnerClientOptions { ClientName = name });
        var commands = Enumerable.Range(0, 40).Select(i => Nap(TimeSpan.FromMilliseconds(100 * (i % 10)))).ToList();
        List<Task<JobFinished>> results = [];
        foreach (var command in commands)
        {
            await client.SubmitAsync(command);
            results.Add(client.WaitForAsync(command.RequestId, "nap1"));
        }

        // The management API knows a connection only after some seconds.
        var cut = 0;
        await Eventually.HoldsAsync("it is cut twice", async () => (cut += (await broker.Node.CutAsync(name)).Count) >= 2, Patience);

        Assert.Equal(JobState.Complete, (await RunOnAConnectionThatLastsAsync(client)).FinalState);
        Assert.All(await Task.WhenAll(results).WaitAsync(Patience), result => Assert.Equal(JobState.Complete, result.FinalState));
    }

    /// <summary>A cut can meet the command as it is sent: then its scheduler is told that nobody knows, and sends another.</summary>
    private static async Task<JobFinished> RunOnAConnectionThatLastsAsync(JobRunnerClient client)
    {
        JobFinished? end = null;
        await Eventually.HoldsAsync("a command is sent and ends", async () =>
        {
            try
            {
                end = await client.RunAsync(Nap(TimeSpan.FromMilliseconds(1)));
                return true;
            }
            catch (JobRunnerClientException error) when (error.Message.Contains("is not known", StringComparison.Ordinal))
            {
                return false;
            }
        }, Patience);
        return end!;
    }

    [Fact]
    public async Task Where_no_worker_ever_was_it_says_so_and_a_bad_command_is_not_sent()
    {
        var empty = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        var error = await Assert.ThrowsAsync<JobRunnerClientException>(() => JobRunnerClient.ConnectAsync(empty));
        Assert.Contains("no worker has ever connected", error.Message);

        var wrong = new UriBuilder(empty) { Password = "wrong" }.Uri;
        error = await Assert.ThrowsAsync<JobRunnerClientException>(() => JobRunnerClient.ConnectAsync(wrong));
        Assert.Contains("refused user \"guest\"", error.Message);

        await using var stage = await Stage.SetAsync(broker);
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri);
        var bad = await Assert.ThrowsAsync<ArgumentException>(() => client.SubmitAsync(new RunJob { PrevTries = -1 }));
        Assert.Contains("requestId is missing", bad.Message);
        Assert.Contains("job.type is missing", bad.Message);
        Assert.Empty(await client.StatusAsync());
        Assert.Empty((await client.StopAsync("nobody")).Replies);
    }

    [Fact]
    public async Task Its_own_queue_goes_with_it_and_whoever_waits_is_told()
    {
        await using var stage = await Stage.SetAsync(broker);
        var client = await JobRunnerClient.ConnectAsync(stage.Uri);
        var waiting = client.WaitForAsync("r1", "j1");

        await client.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => client.StatusAsync());
        await Eventually.HoldsAsync("the queue is gone", async () =>
            !(await broker.Node.Management.GetStringAsync(new Uri($"queues/{stage.Uri.AbsolutePath[1..]}", UriKind.Relative)))
                .Contains("scheduler.client-", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_of_several_nodes_goes_on_at_another_when_it_loses_one()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var first = TcpProxy.Start(broker.Node.Port);
        var observer = new Heard();
        var nodes = new RabbitMqOptions
        {
            Uri = new UriBuilder(stage.Uri) { Port = first.Port }.Uri.AbsoluteUri,
            Nodes = $"127.0.0.1:{RabbitMqNode.FreePort()}",
        };
        await using var client = await JobRunnerClient.ConnectAsync(nodes, new JobRunnerClientOptions { Observer = observer, ReceivesLogs = true });
        var nap = Nap(TimeSpan.FromSeconds(2));
        var running = client.RunAsync(nap);
        await Eventually.HoldsAsync("it runs", async () => await client.StatusAsync(nap.RequestId) is [{ State: JobState.Running }]);

        first.Cut();

        Assert.Equal(JobState.Complete, (await running.WaitAsync(Patience)).FinalState);
        Assert.Contains("the connection to the broker was lost", Assert.Single(observer.Disconnected));
        await Eventually.HoldsAsync("it tells that it is back", () => observer.Reconnected == 1);
        // The log before the result, as they came.
        Assert.Equal(["log 1", "result 3"], observer.Of(nap.RequestId));
        // The settings were copied: whoever changes them later does not change the client.
        nodes.Uri = "amqp://nowhere";
        first.Cut();
        await Eventually.HoldsAsync("it is back again", () => observer.Reconnected == 2);
    }

    [Fact]
    public async Task A_client_without_results_has_no_queue_and_says_so()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var client = await JobRunnerClient.ConnectAsync(stage.Uri, new JobRunnerClientOptions { ReceivesResults = false });
        var command = Nap(TimeSpan.FromMilliseconds(1));

        await client.SubmitAsync(command);
        await stage.FinishedAsync(command.RequestId, "nap1");
        await client.SendStopAsync(new StopJob { RequestId = command.RequestId });

        Assert.Contains("ReceivesResults", (await Assert.ThrowsAsync<InvalidOperationException>(() => client.RunAsync(command))).Message);
        await Assert.ThrowsAsync<InvalidOperationException>(() => client.WaitForAsync(command.RequestId, "nap1"));
        Assert.DoesNotContain("scheduler.client-", await broker.Node.ControlAsync("list_queues", "-p", stage.Uri.AbsolutePath[1..], "name"));
    }

    [Fact]
    public async Task Whoever_waits_is_told_when_the_broker_is_away_for_longer_than_the_queue_lives()
    {
        await using var stage = await Stage.SetAsync(broker);
        await using var proxy = TcpProxy.Start(broker.Node.Port);
        var observer = new Heard();
        await using var client = await JobRunnerClient.ConnectAsync(
            new UriBuilder(stage.Uri) { Port = proxy.Port }.Uri, new JobRunnerClientOptions { OwnQueueExpires = TimeSpan.FromSeconds(2), Observer = observer });
        var waiting = client.WaitForAsync("r1", "j1");

        proxy.Refuse();
        proxy.Cut();

        var error = await Assert.ThrowsAsync<JobRunnerClientException>(() => waiting.WaitAsync(Patience));
        Assert.Contains("OwnQueueExpires", error.Message);
        Assert.Same(error, Assert.Single(observer.Lost));
        proxy.Accept();
        Assert.Equal(JobState.Complete, (await client.RunAsync(Nap(TimeSpan.FromMilliseconds(1))).WaitAsync(Patience)).FinalState);
    }

    private sealed class Heard : IJobRunnerObserver
    {
        private readonly ConcurrentQueue<(string Request, string What)> _heard = new();
        private int _reconnected;

        public ConcurrentQueue<string> Disconnected { get; } = new();

        public ConcurrentQueue<JobRunnerClientException> Lost { get; } = new();

        public int Reconnected => _reconnected;

        public IReadOnlyList<string> Of(string request) => [.. _heard.Where(one => one.Request == request).Select(one => one.What).Distinct()];

        public void OnResult(JobFinished result) => _heard.Enqueue((result.RequestId, $"result {(int)result.FinalState}"));

        public ConcurrentQueue<JobLogRecorded> Logs { get; } = new();

        public void OnLog(JobLogRecorded log)
        {
            Logs.Enqueue(log);
            _heard.Enqueue((log.RequestId, $"log {log.Try}"));
        }

        public void OnDisconnected(string reason) => Disconnected.Enqueue(reason);

        public void OnReconnected() => Interlocked.Increment(ref _reconnected);

        public void OnResultsLost(JobRunnerClientException reason) => Lost.Enqueue(reason);
    }
}
