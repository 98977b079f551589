using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.BrokerTests;

/// <summary>infra/rabbitmq/definitions.json in a real broker: what its users can do, and what they cannot.</summary>
public sealed class PermissionTests(Broker broker)
{
    private const string VirtualHost = "jobrunner";
    private const string Password = "for-this-test-only";

    // One import for all tests: users belong to the broker, not to a virtual host.
    private static readonly SemaphoreSlim Importing = new(1, 1);

    private async Task<Stage> SetAsync()
    {
        await Importing.WaitAsync();
        try
        {
            var definitions = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "infra/rabbitmq/definitions.json"));
            using var imported = await broker.Node.Management.PostAsync(
                new Uri("definitions", UriKind.Relative), new StringContent(definitions, Encoding.UTF8, "application/json"));
            Assert.True(imported.IsSuccessStatusCode, await imported.Content.ReadAsStringAsync());
            foreach (var user in JsonNode.Parse(definitions)!["users"]!.AsArray())
            {
                using var set = await broker.Node.Management.PutAsJsonAsync(
                    $"users/{(string)user!["name"]!}", new { password = Password, tags = (string)user["tags"]! });
                set.EnsureSuccessStatusCode();
            }
        }
        finally
        {
            Importing.Release();
        }

        return await Stage.SetAsync(UriOf("worker"), UriOf("scheduler"), "scheduler.test.results");
    }

    private Uri UriOf(string user) => new($"amqp://{user}:{Password}@127.0.0.1:{broker.Node.Port}/{VirtualHost}");

    [Fact]
    public async Task Each_user_can_do_its_work_and_nothing_else()
    {
        await using var stage = await SetAsync();
        await SchedulersWorkAsync(stage);
        await ClientLibrarysWorkAsync();
        await OperatorsWorkAsync(stage);
        await StolenPasswordAsync(stage);
        await DeputyAsync(stage);
        await MonitorsWorkAsync();
        Assert.DoesNotContain("ACCESS_REFUSED", stage.Worker.Output);
        Assert.DoesNotContain("faulted", stage.Worker.Output);
    }

    [Fact]
    public async Task Chains_need_no_more_rights_than_these()
    {
        await using var stage = await SetAsync();
        var store = Path.Combine(Path.GetTempPath(), $"jobrunner-chains-{Guid.NewGuid():N}.db");
        var worker = await stage.AddWorkerAsync(new() { ["JobRunner__Worker__Roles"] = "Chain", ["JobRunner__Chains__ConnectionString"] = $"Data Source={store}" });
        await Eventually.HoldsAsync(() => $"chains are taken: {worker.Output}", () => worker.Output.Contains("Chains are taken", StringComparison.Ordinal));
        foreach (var arguments in new string[][] { ["submit", "examples/backup-chain.json"], ["chains"], ["stop", Stage.NewRequestId()] })
        {
            await using var program = WorkerProcess.Start([.. arguments, "--broker", UriOf("operator").ToString()], new Dictionary<string, string>());
            Assert.True(await program.ExitCodeAsync() == 0, $"{arguments[0]}: {program.Output}");
        }

        await Eventually.HoldsAsync(() => $"the end is told: {worker.Output}", () => worker.Output.Contains("The Request Manager has no request", StringComparison.Ordinal), TimeSpan.FromSeconds(60));
        Assert.DoesNotContain("ACCESS_REFUSED", worker.Output);
        await RefusedAsync("operator", channel => channel.BasicGetAsync("run-chain_error", true));
        await RefusedAsync("scheduler", channel => channel.BasicGetAsync("chain-job-finished", true));
        await RefusedAsync("scheduler", channel => PublishAsync(channel, "chain-finished", ""));
        File.Delete(store);
    }

    /// <summary>Commands, results, stops with their answer, questions: with the scheduler's user.</summary>
    private static async Task SchedulersWorkAsync(Stage stage)
    {
        var request = Stage.NewRequestId();
        var fails = Convert.ToBase64String("""{"cmd":"/bin/false"}"""u8);
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"fail","type":"shell-command","bytes":"{{fails}}","retry":1,"retryWait":"2s"} }""");
        var end = await stage.FinishedAsync(request, "fail");
        Assert.Equal((4, 2), ((int)end["finalState"]!, (int)end["tries"]!));
        await Eventually.HoldsAsync("the logs are at the Request Manager", () => stage.RequestManager.Rows.Count == 2);

        // Answers come by direct reply-to, which needs no queue and no permission.
        var answers = await stage.Client.ConsumeAsync("amq.rabbitmq.reply-to");
        var naps = Convert.ToBase64String("""{"duration":600000000000}"""u8);
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"naps","type":"sleep","bytes":"{{naps}}"} }""");
        await Eventually.HoldsAsync("the job is seen to run", async () =>
        {
            await stage.Client.SendAsync("get-runner-status", $$"""{"requestId":"{{request}}"}""", new BasicProperties { ReplyTo = "amq.rabbitmq.reply-to" });
            return answers.Any(answer => (int?)JsonNode.Parse(answer.Body)!["state"] == 2);
        });
        await stage.Client.SendAsync(
            "stop-job", $$"""{"requestId":"{{request}}"}""", new BasicProperties { ReplyTo = "amq.rabbitmq.reply-to", CorrelationId = "stop" });
        await Eventually.HoldsAsync("the stop is answered", () => answers.Any(answer =>
            answer.Properties.CorrelationId == "stop" && (string?)JsonNode.Parse(answer.Body)!["outcome"] == "stopped-while-running"));
        Assert.Equal(6, (int)(await stage.FinishedAsync(request, "naps"))["finalState"]!);
    }

    /// <summary>The client library, with the scheduler's user.</summary>
    private async Task ClientLibrarysWorkAsync()
    {
        await using var client = await JobRunnerClient.ConnectAsync(UriOf("scheduler"));
        var nap = new RunJob
        {
            RequestId = JobRunnerClient.NewRequestId(),
            Job = new Job { Id = "naps", Type = "sleep", Bytes = """{"duration":600000000000}"""u8.ToArray() },
        };
        var running = client.RunAsync(nap);
        await Eventually.HoldsAsync("it is seen to run", async () => await client.StatusAsync(nap.RequestId) is [{ State: JobState.Running }]);
        Assert.Equal("stopped-while-running", Assert.Single((await client.StopAsync(nap.RequestId)).Replies).Outcome);
        Assert.Equal(JobState.Stopped, (await running).FinalState);

        var refused = await Assert.ThrowsAsync<JobRunnerClientException>(
            () => JobRunnerClient.ConnectAsync(UriOf("scheduler"), new JobRunnerClientOptions { ReceivesLogs = true }));
        Assert.Contains("does not let user \"scheduler\" do this", refused.Message);
    }

    /// <summary>The program, with the operator's user.</summary>
    private async Task OperatorsWorkAsync(Stage stage)
    {
        foreach (var arguments in new string[][] { ["submit", "examples/backup-chain.json", "--wait"], ["ps"], ["stop", Stage.NewRequestId()] })
        {
            await using var program = WorkerProcess.Start([.. arguments, "--broker", UriOf("operator").ToString()], new Dictionary<string, string>());
            var exit = await program.ExitCodeAsync();
            Assert.True(exit == 0 || (arguments[0] == "stop" && exit == 1), $"{arguments[0]}: {exit} {program.Output}");
            Assert.DoesNotContain("refused", program.Output);
        }

        await using var drain = WorkerProcess.Start(["drain", "nobody", "--broker", UriOf("operator").ToString()], new Dictionary<string, string>());
        Assert.Equal(1, await drain.ExitCodeAsync());
        Assert.Contains("there is no worker \"nobody\" that runs jobs; connected are ", drain.Output);
        await RefusedAsync("operator", channel => channel.BasicPublishAsync("job-finished", "", false, new BasicProperties(), "{}"u8.ToArray()).AsTask());
        await RefusedAsync("operator", channel => channel.QueueDeleteAsync("run-job"));
        await RefusedAsync("operator", channel => channel.BasicGetAsync("job-journal", true));
    }

    private async Task StolenPasswordAsync(Stage stage)
    {
        const string Mine = "scheduler.test.loot";
        string[] workers = ["run-job", "stop-job", "job-log-recorded", "job-journal", "run-job_error", "job-log-recorded_error", "run-job.wait.2s"];
        await using (var connection = await new ConnectionFactory { Uri = UriOf("scheduler") }.CreateConnectionAsync())
        await using (var channel = await connection.CreateChannelAsync())
        {
            await channel.QueueDeclareAsync(Mine, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum" });
        }

        foreach (var queue in workers)
        {
            await RefusedAsync("scheduler", channel => channel.BasicGetAsync(queue, true));
            await RefusedAsync("scheduler", async channel =>
            {
                await channel.BasicQosAsync(0, 1, false);
                await channel.BasicConsumeAsync(queue, autoAck: false, new AsyncDefaultBasicConsumer(channel));
            });
            await RefusedAsync("scheduler", channel => channel.QueueDeleteAsync(queue));
            await RefusedAsync("scheduler", channel => channel.QueuePurgeAsync(queue));
        }

        foreach (var exchange in new[] { "run-job", "stop-job", "job-log-recorded", "run-job.wait", "run-job_error", "job-log-recorded_error", "run-lease", "get-runner-status", "worker.drain" })
        {
            await RefusedAsync("scheduler", channel => channel.QueueBindAsync(Mine, exchange, ""));
        }

        foreach (var exchange in new[] { "job-finished", "job-log-recorded", "run-job.wait", "run-lease", "run-job_error", "worker.drain", "" })
        {
            await RefusedAsync("scheduler", channel => PublishAsync(channel, exchange, exchange.Length == 0 ? "job-log-recorded" : ""));
        }

        // Nor by way of a queue of its own.
        foreach (var exchange in new[] { "job-finished", "job-log-recorded", "" })
        {
            await RefusedAsync("scheduler", channel => channel.QueueDeclareAsync(
                "scheduler.test.way", true, false, false, new Dictionary<string, object?> { ["x-dead-letter-exchange"] = exchange }));
        }

        await RefusedAsync("scheduler", channel => channel.ExchangeBindAsync("run-job", "job-log-recorded", ""));
        await RefusedAsync("scheduler", channel => channel.QueueDeclareAsync("mine", false, false, false));
        await RefusedAsync("scheduler", channel => channel.ExchangeDeclareAsync("run-job.spy", ExchangeType.Fanout));
        await RefusedAsync("scheduler", channel => channel.ExchangeDeleteAsync("job-finished"));
        using var http = Management("scheduler");
        using var overview = await http.GetAsync(new Uri("overview", UriKind.Relative));
        Assert.Equal(HttpStatusCode.Unauthorized, overview.StatusCode);
        await Eventually.HoldsAsync("the logs of both tries", () => stage.RequestManager.Rows.Count(row => row.JobId == "fail") >= 2);
        Assert.Equal(2, stage.RequestManager.Rows.Count(row => row.JobId == "fail"));
    }

    /// <summary>What the scheduler may not write itself, no worker writes for it.</summary>
    private async Task DeputyAsync(Stage stage)
    {
        var request = Stage.NewRequestId();
        var naps = Convert.ToBase64String("""{"duration":600000000000}"""u8);
        var before = stage.RequestManager.Rows.Count;
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"naps","type":"sleep","bytes":"{{naps}}"} }""");
        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{request}}"}""", new BasicProperties { ReplyTo = "job-log-recorded" });
        await stage.FinishedAsync(request, "naps");

        // A command that fails: MassTransit would tell the address in it.
        var address = $"rabbitmq://127.0.0.1:{broker.Node.Port}/{VirtualHost}/job-log-recorded";
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"bad1"} }""", new BasicProperties
        {
            Headers = new Dictionary<string, object?> { ["MT-Response-Address"] = address, ["MT-Fault-Address"] = address, ["ResponseAddress"] = address },
        });
        await stage.Client.SendAsync(
            "run-job",
            $$"""{"message":{"requestId":"{{request}}","job":{"id":"bad2"} },"messageType":["urn:message:a:b"],"responseAddress":"{{address}}","faultAddress":"{{address}}"}""",
            new BasicProperties { ContentType = "application/vnd.masstransit+json" });
        await stage.FinishedAsync(request, "bad1");
        await stage.FinishedAsync(request, "bad2");

        await Eventually.HoldsAsync("the worker says that it does not answer there", () => stage.Worker.Output.Contains("is a queue of the workers' own", StringComparison.Ordinal));
        var sentinel = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{sentinel}}","job":{"id":"last","type":"noop"} }""");
        await Eventually.HoldsAsync("a later log is stored", () => stage.RequestManager.Rows.Any(row => row.RequestId == sentinel));
        await using var worker = await PlainClient.ConnectAsync(UriOf("worker"));
        Assert.Equal(0u, await worker.CountAsync("job-log-recorded_error"));
        Assert.InRange(stage.RequestManager.Rows.Count - before, 1, 2);
    }

    private async Task MonitorsWorkAsync()
    {
        using var http = Management("monitor");
        var queues = await http.GetFromJsonAsync<JsonArray>(new Uri($"queues/{VirtualHost}", UriKind.Relative));
        Assert.Contains("run-job", queues!.Select(queue => (string)queue!["name"]!));
        using var got = await http.PostAsJsonAsync($"queues/{VirtualHost}/job-log-recorded_error/get", new { count = 1, ackmode = "ack_requeue_true", encoding = "auto" });
        Assert.False(got.IsSuccessStatusCode);
        using var deleted = await http.DeleteAsync(new Uri($"queues/{VirtualHost}/run-job", UriKind.Relative));
        Assert.False(deleted.IsSuccessStatusCode);
        await RefusedAsync("monitor", channel => PublishAsync(channel, "run-job", ""));

        // Connections say who they are.
        var connections = await http.GetFromJsonAsync<JsonArray>(new Uri("connections", UriKind.Relative));
        var ours = connections!.Where(one => (string?)one!["user"] == "worker").ToList();
        Assert.NotEmpty(ours);
        Assert.All(ours, one =>
        {
            Assert.Matches(@"^jobrunner \S+\.\d+\.[0-9a-f]{4}( \(.+\))?$", (string)one!["user_provided_name"]!);
            Assert.Equal("JobRunner.Bus", (string)one["client_properties"]!["product"]!);
            Assert.Matches(@"^\d+\.\d+\.\d+", (string)one["client_properties"]!["version"]!);
        });
    }

    private HttpClient Management(string user)
    {
        var http = new HttpClient { BaseAddress = broker.Node.Management.BaseAddress };
        http.DefaultRequestHeaders.Authorization =
            new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{user}:{Password}")));
        return http;
    }

    private static async Task PublishAsync(IChannel channel, string exchange, string key)
    {
        await channel.BasicPublishAsync(exchange, key, mandatory: false, new BasicProperties(), "{}"u8.ToArray());
        // A refusal comes by itself, and closes the channel.
        await channel.ExchangeDeclarePassiveAsync("amq.fanout");
    }

    /// <summary>Does something as a user; the broker must refuse it with 403.</summary>
    private async Task RefusedAsync(string user, Func<IChannel, Task> act, [System.Runtime.CompilerServices.CallerLineNumber] int line = 0)
    {
        await using var connection = await new ConnectionFactory { Uri = UriOf(user), AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true));
        try
        {
            await act(channel);
            Assert.Fail($"{user} could do what line {line} does");
        }
        catch (Exception error) when (error is OperationInterruptedException or AlreadyClosedException)
        {
            var reason = channel.CloseReason ?? ((OperationInterruptedException)error).ShutdownReason;
            Assert.True(reason?.ReplyCode == 403, $"line {line}: {error.Message}");
        }
    }
}
