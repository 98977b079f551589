using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>What the broker never takes for its size is learned from the refusal, and is not sent again and again.</summary>
public sealed class SizeTests(SizeTests.Node own) : IClassFixture<SizeTests.Node>
{
    private const int Limit = 200_000;

    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    /// <summary>A broker that takes small messages only.</summary>
    public sealed class Node : IAsyncLifetime
    {
        public RabbitMqNode Broker { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Broker = await RabbitMqNode.StartAsync($"max_message_size = {Limit}");

        public ValueTask DisposeAsync() => Broker.DisposeAsync();
    }

    [Theory]
    [InlineData("head -c 500000 /dev/zero | tr '\\0' x", "stdout")]
    [InlineData("head -c 500000 /dev/zero | tr '\\0' x >&2", "stderr")]
    // Each character takes six bytes in JSON.
    [InlineData("head -c 150000 /dev/zero | tr '\\0' '\\001'", "stdout")]
    public async Task The_output_of_a_try_is_cut_to_fit_with_a_marker(string script, string where)
    {
        var uri = own.Broker.UriOf(await own.Broker.NewVirtualHostAsync());
        await using var manager = await StubRequestManager.StartAsync();
        await using var worker = await StartAsync(uri, manager);
        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync("job-finished");

        for (var job = 0; job < 5; job++)
        {
            await SendAsync(client, $"big{job}", script);
            await SendAsync(client, $"tin{job}", "echo ok");
        }

        // What was under way beside the first large log was sent again: some ends may come twice.
        await Eventually.HoldsAsync(
            () => $"all end, of {ends.Count}\n{worker.Output}",
            () => ends.Select(end => (string)JsonNode.Parse(end.Body)!["jobId"]!).Distinct().Count() == 10,
            Long);
        await Eventually.HoldsAsync(() => $"all logs come\n{worker.Output}", () => manager.Rows.Count == 10, Long);
        Assert.All(manager.Rows.Where(row => row.JobId.StartsWith("big", StringComparison.Ordinal)), row =>
        {
            Assert.Contains("…[cut ", where == "stdout" ? row.Stdout : row.Stderr, StringComparison.Ordinal);
            Assert.Equal(JobState.Complete, row.State);
        });
        // Learned once: the channel of all runs is closed by the first of them, and those beside it at that moment.
        Assert.True(worker.Output.Split("never takes").Length - 1 <= 10, worker.Output);
    }

    [Fact]
    public async Task A_run_whose_job_data_the_broker_no_longer_takes_fails_and_says_why()
    {
        await using var broker = await RabbitMqNode.StartAsync($"max_message_size = {Limit}");
        var uri = broker.UriOf("/");
        await using var manager = await StubRequestManager.StartAsync();
        await using (await StartAsync(uri, manager))
        {
            // It makes the queues.
        }

        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync("job-finished");
        await SendAsync(client, "wait", "exit 1", data: 50_000);
        await SendAsync(client, "ends", "exit 0", data: 50_000);
        // RabbitMQ 4 keeps it as a persistent term.
        await broker.ControlAsync("eval", "application:set_env(rabbit, max_message_size, 20000), persistent_term:put(max_message_size, 20000).");

        await using var worker = await StartAsync(uri, manager);

        await Eventually.HoldsAsync(() => $"both end\n{worker.Output}", () => ends.Count == 2, Long);
        foreach (var end in ends.Select(message => JsonNode.Parse(message.Body)!))
        {
            Assert.Equal(4, (int)end["finalState"]!);
            Assert.Contains("max_message_size", (string)end["error"]!, StringComparison.Ordinal);
        }

        await Eventually.HoldsAsync(() => $"their tries are logged\n{worker.Output}", () => manager.Rows.Count == 2, Long);
    }

    private static Task<WorkerProcess> StartAsync(Uri uri, StubRequestManager manager) => WorkerProcess.StartAsync(uri, new Dictionary<string, string>
    {
        ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl,
        ["JobRunner__Jobs__Shell__Enabled"] = "true",
        ["JobRunner__Worker__Lease"] = "3s",
    });

    private static Task SendAsync(PlainClient client, string job, string script, int data = 0)
    {
        var bytes = Convert.ToBase64String(Encoding.UTF8.GetBytes(new JsonObject { ["cmd"] = "/bin/sh", ["args"] = new JsonArray("-c", script) }.ToJsonString()));
        return client.SendAsync("run-job", $$"""
            {"requestId":"{{Stage.NewRequestId()}}","job":{"id":"{{job}}","type":"shell-command","bytes":"{{bytes}}","retry":1,"retryWait":"6s"},
             "jobData":{"k":"{{new string('v', data)}}"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
    }
}
