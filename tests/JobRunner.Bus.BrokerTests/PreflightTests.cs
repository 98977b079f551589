using System.Net.Http.Json;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A broker that is not as a worker needs it: the worker says what to do, and ends before it takes work.</summary>
public sealed class PreflightTests(Broker broker)
{
    private static readonly Dictionary<string, object?> Quorum = new() { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 1_000_000 };

    [Fact]
    public async Task Queues_and_exchanges_that_exist_otherwise_are_told_together_each_with_what_to_do_and_the_exit_code_is_2()
    {
        var uri = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        await using (var client = await PlainClient.ConnectAsync(uri))
        {
            await client.Channel.QueueDeclareAsync("run-job", durable: true, exclusive: false, autoDelete: false);
            await client.Channel.QueueDeclareAsync("stop-job", durable: true, exclusive: false, autoDelete: false, Quorum);
            await client.Channel.QueueDeclareAsync(
                "job-journal", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "stream", ["x-max-age"] = "7D" });
            await client.Channel.QueueDeclareAsync(
                "job-log-recorded", durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = 20 });
            await client.Channel.ExchangeDeclareAsync("job-finished", "topic", durable: true, autoDelete: false);
            await client.Channel.ExchangeDeclareAsync("run-job.wait", "topic", durable: false, autoDelete: false);
        }

        await using var worker = Start(uri, new() { ["JobRunner__Worker__JournalRetention"] = "48h" });
        Assert.Equal(2, await worker.ExitCodeAsync());
        var classic = (await RabbitMqNode.VersionAsync()).Major < 4 ? "not set" : "classic";

        foreach (var says in new[]
        {
            $"Queue run-job exists, but it is no quorum queue: its x-queue-type is {classic}. Take its messages out, delete it",
            "Queue stop-job exists, but it is no stream: its x-queue-type is quorum",
            "Stream job-journal exists with x-max-age=7D, but JobRunner__Worker__JournalRetention is 172800s. Set JobRunner__Worker__JournalRetention=168h on every worker.",
            "Queue job-log-recorded exists with x-delivery-limit 20, not 1000000",
            "Exchange job-finished exists with type topic; workers need a durable exchange of type fanout. Delete the exchange",
            "Exchange run-job.wait exists with durable false; workers need a durable exchange of type topic",
        })
        {
            Assert.Contains(says, worker.Output);
        }

        Assert.DoesNotContain("takes work", worker.Output);
        Assert.DoesNotContain("   at ", worker.Output);
    }

    [Theory]
    [InlineData("configure", "^$", ".*", ".*", "queue run-job,", "exchange job-finished,", "queue run-job.wait.*")]
    [InlineData("write", ".*", "^$", ".*", "queue run-job,", "exchange job-finished,", "exchange amq.default")]
    [InlineData("read", ".*", ".*", "^$", "queue run-job,", "exchange job-finished,", "queue run-lease.*")]
    [InlineData("read", ".*", ".*", "^(?!stop-job).*$", "on exchange stop-job, queue stop-job. Give", "", "")]
    [InlineData("write", ".*", "^(?!run-job_error).*$", ".*", "on queue run-job_error, exchange run-job_error. Give", "", "")]
    public async Task A_missing_permission_is_told_with_the_names_it_is_missing_on_and_the_exit_code_is_2(
        string permission, string configure, string write, string read, string says, string andSays, string alsoSays)
    {
        var host = await broker.Node.NewVirtualHostAsync();
        // Somebody else has set everything up: only the permission is missing.
        await using (await WorkerProcess.StartAsync(broker.Node.UriOf(host)))
        {
            await using var worker = await StartAsAsync(host, configure, write, read);
            Assert.True(await worker.ExitCodeAsync() == 2, worker.Output);

            Assert.Contains($"has no {permission} permission in virtual host \"{host}\" on ", worker.Output);
            Assert.Contains(says, worker.Output);
            Assert.Contains(andSays, worker.Output);
            Assert.Contains(alsoSays, worker.Output);
            Assert.Contains($"rabbitmqctl set_permissions -p '{host}'", worker.Output);
            foreach (var other in new[] { "configure", "write", "read" }.Except([permission]))
            {
                Assert.DoesNotContain($"has no {other} permission", worker.Output);
            }
        }
    }

    [Fact]
    public async Task With_patience_a_worker_waits_for_permissions_to_be_given()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var worker = await StartAsAsync(host, "^$", ".*", ".*", new() { ["JobRunner__RabbitMq__Patience"] = "2m" });
        await Eventually.HoldsAsync("it says what is missing", () => worker.Output.Contains("has no configure permission", StringComparison.Ordinal));

        await PermitAsync(host, host, ".*", ".*", ".*");

        await Eventually.HoldsAsync(() => $"it takes work:\n{worker.Output}", () => worker.Output.Contains("takes work", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_check_tells_everything_it_looked_at_takes_no_work_and_ends_with_0_or_2()
    {
        var uri = broker.Node.UriOf(await broker.Node.NewVirtualHostAsync());
        await using (var good = Start(uri, [], "--check"))
        {
            Assert.True(await good.ExitCodeAsync() == 0, good.Output);
            Assert.Matches(@"stream job-journal\s+ok", good.Output);
            Assert.Matches("permissions of user \"guest\"\\s+ok", good.Output);
            Assert.Contains($"RabbitMQ {await RabbitMqNode.VersionAsync()}", good.Output);
            Assert.Contains("consumer timeout cannot be asked for", good.Output);
            Assert.DoesNotContain("takes work", good.Output);
        }

        await using var wrong = Start(uri, new() { ["JobRunner__Worker__StopRetention"] = "1h" }, "--check");
        Assert.Equal(2, await wrong.ExitCodeAsync());
        Assert.Matches(@"stream stop-job\s+WRONG\s+Stream stop-job exists with x-max-age=604800s, but JobRunner__Worker__StopRetention is 3600s", wrong.Output);

        await using var nobody = Start(new Uri($"amqp://127.0.0.1:{RabbitMqNode.FreePort()}/"), [], "--check");
        Assert.Equal(1, await nobody.ExitCodeAsync());
        Assert.Contains("the broker could not be asked", nobody.Output);
    }

    [Fact]
    public async Task A_check_beside_working_workers_disturbs_no_message()
    {
        await using var stage = await Stage.SetAsync(broker);
        await stage.Worker.KillAsync();
        await stage.Client.SendAsync("run-job", """{"requestId":"r","job":{"id":"abcd","type":"noop"} }""");

        await using var check = Start(stage.Uri, [], "--check");
        Assert.Equal(0, await check.ExitCodeAsync());

        var message = await stage.Client.GetAsync("run-job");
        // 1 after a delivery that was requeued. RabbitMQ 4 leaves the header out on the first one.
        Assert.Contains(message!.Header("x-delivery-count"), new[] { "0", "" });
        Assert.Empty(stage.Finished);
    }

    private static WorkerProcess Start(Uri uri, Dictionary<string, string> settings, params string[] options) => WorkerProcess.Start(
        ["worker", .. options],
        new Dictionary<string, string>(settings) { ["JobRunner__Transport"] = "RabbitMq", ["JobRunner__RabbitMq__Uri"] = uri.ToString() });

    /// <summary>Starts a worker as a user of the virtual host's name with these permissions.</summary>
    private async Task<WorkerProcess> StartAsAsync(string host, string configure, string write, string read, Dictionary<string, string>? settings = null)
    {
        using var made = await broker.Node.Management.PutAsJsonAsync($"users/{host}", new { password = "secret", tags = "" });
        made.EnsureSuccessStatusCode();
        await PermitAsync(host, host, configure, write, read);
        return Start(new Uri($"amqp://{host}:secret@127.0.0.1:{broker.Node.Port}/{host}"), settings ?? []);
    }

    private async Task PermitAsync(string host, string user, string configure, string write, string read)
    {
        using var permitted = await broker.Node.Management.PutAsJsonAsync($"permissions/{host}/{user}", new { configure, write, read });
        permitted.EnsureSuccessStatusCode();
    }
}
