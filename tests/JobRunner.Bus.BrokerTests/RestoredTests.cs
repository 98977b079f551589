using System.Net;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A worker puts back what it needs on its broker, and says meanwhile why it takes no work.</summary>
public sealed class RestoredTests(RestoredTests.Node own) : IClassFixture<RestoredTests.Node>
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(30);

    /// <summary>A broker that no other test has to wait for.</summary>
    public sealed class Node : IAsyncLifetime
    {
        public RabbitMqNode Broker { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Broker = await RabbitMqNode.StartAsync();

        public ValueTask DisposeAsync() => Broker.DisposeAsync();
    }

    [Theory]
    [InlineData("run-job", "run-job_error", "run-job.wait.1s")]
    [InlineData("job-log-recorded", "job-log-recorded_error", "job-log-recorded.delay.5s")]
    [InlineData("stop-job", "job-journal")]
    public async Task Queues_deleted_under_an_idle_worker_are_back_in_time_and_work_goes_on(params string[] queues)
    {
        ArgumentNullException.ThrowIfNull(queues);
        var uri = own.Broker.UriOf(await own.Broker.NewVirtualHostAsync());
        await using var worker = await StartAsync(uri);
        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync("job-finished");
        await RunAsync(client);
        await Eventually.HoldsAsync("a job ends", () => ends.Count == 1);

        foreach (var queue in queues)
        {
            await client.Channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false);
        }

        foreach (var queue in queues)
        {
            await Eventually.HoldsAsync(() => $"{queue} is back\n{worker.Output}", () => IsThereAsync(uri, queue), Promised);
        }

        await RunAsync(client);
        await Eventually.HoldsAsync(() => $"another job ends\n{worker.Output}", () => ends.Count == 2);
    }

    [Theory]
    [InlineData("run-job")]
    [InlineData("job-log-recorded")]
    [InlineData("run-job.wait")]
    public async Task Exchanges_deleted_under_an_idle_worker_are_back_in_time_with_their_bindings(string exchange)
    {
        var uri = own.Broker.UriOf(await own.Broker.NewVirtualHostAsync());
        await using var worker = await StartAsync(uri);
        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync("job-finished");
        await client.Channel.ExchangeDeleteAsync(exchange);

        await Eventually.HoldsAsync(() => $"it says so\n{worker.Output}", () => worker.Output.Contains("is on the broker again", StringComparison.Ordinal), Promised);
        await RunAsync(client, retry: 1);
        await Eventually.HoldsAsync(() => $"a job ends\n{worker.Output}", () => ends.Count == 1);
    }

    [Fact]
    public async Task A_broker_that_comes_back_empty_gets_all_again_from_an_idle_worker_that_was_not_ready_meanwhile()
    {
        await using var broker = await RabbitMqNode.StartAsync();
        var uri = broker.UriOf("/");
        var port = RabbitMqNode.FreePort();
        await using var worker = await StartAsync(uri, port);
        await Eventually.HoldsAsync("it is ready", async () => (await ReadyAsync(port)).Code == HttpStatusCode.OK);

        await broker.ControlAsync("stop_app");
        await broker.ControlAsync("reset");
        await Eventually.HoldsAsync(
            () => $"it is not ready and says why\n{worker.Output}",
            async () => await ReadyAsync(port) is { Code: HttpStatusCode.ServiceUnavailable },
            TimeSpan.FromSeconds(10));
        await Eventually.HoldsAsync("it is logged", () => worker.Output.Contains("The broker is out of reach", StringComparison.Ordinal));
        await broker.ControlAsync("start_app");

        await Eventually.HoldsAsync(
            () => $"all is there\n{worker.Output}",
            async () => await IsThereAsync(uri, "run-job") && await IsThereAsync(uri, "job-journal") && await IsThereAsync(uri, "job-log-recorded"),
            Promised);
        await Eventually.HoldsAsync(() => $"it is ready\n{worker.Output}", async () => (await ReadyAsync(port)).Code == HttpStatusCode.OK, Promised);
        await using var client = await PlainClient.ConnectAsync(uri);
        var ends = await client.ListenAsync("job-finished");
        await RunAsync(client);
        await Eventually.HoldsAsync(() => $"a job ends\n{worker.Output}", () => ends.Count == 1);
    }

    [Fact]
    public async Task An_idle_worker_says_that_its_broker_has_an_alarm_and_is_not_ready()
    {
        var port = RabbitMqNode.FreePort();
        await using var worker = await StartAsync(own.Broker.UriOf(await own.Broker.NewVirtualHostAsync()), port);
        await Eventually.HoldsAsync("it is ready", async () => (await ReadyAsync(port)).Code == HttpStatusCode.OK);
        try
        {
            await own.Broker.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");
            await Eventually.HoldsAsync(
                () => $"it says so\n{worker.Output}", () => worker.Output.Contains("The broker has an alarm", StringComparison.Ordinal), TimeSpan.FromSeconds(15));
            await Eventually.HoldsAsync("it is not ready", async () => (await ReadyAsync(port)).Code == HttpStatusCode.ServiceUnavailable);
        }
        finally
        {
            await own.Broker.ControlAsync("set_vm_memory_high_watermark", "0.8");
        }

        await Eventually.HoldsAsync(() => $"it is ready again\n{worker.Output}", async () => (await ReadyAsync(port)).Code == HttpStatusCode.OK);
    }

    private static Task<WorkerProcess> StartAsync(Uri uri, int? port = null)
    {
        var settings = new Dictionary<string, string> { ["JobRunner__Worker__Lease"] = "3s" };
        if (port is not null)
        {
            settings["JobRunner__Http__Port"] = $"{port}";
        }

        return WorkerProcess.StartAsync(uri, settings);
    }

    private static Task RunAsync(PlainClient client, int retry = 0) => client.SendAsync("run-job", $$"""
        {"requestId":"{{Stage.NewRequestId()}}","job":{"id":"{{Guid.NewGuid().ToString("N")[..4]}}","type":"noop","retry":{{retry}},"retryWait":"1s"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
        """);

    private static async Task<(HttpStatusCode? Code, string Body)> ReadyAsync(int port)
    {
        using var client = new HttpClient();
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{port}/health/ready"));
            return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (HttpRequestException)
        {
            return (null, "");
        }
    }

    private static async Task<bool> IsThereAsync(Uri uri, string queue)
    {
        try
        {
            await using var client = await PlainClient.ConnectAsync(uri);
            await client.CountAsync(queue);
            return true;
        }
        catch (Exception error) when (error is RabbitMQ.Client.Exceptions.RabbitMQClientException or IOException)
        {
            return false;
        }
    }
}
