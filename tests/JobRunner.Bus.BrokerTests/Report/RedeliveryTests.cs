using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>A log with trouble of its own waits in the broker, for longer and longer, and blocks nobody.</summary>
public sealed class RedeliveryTests(Broker broker)
{
    private const string Riddle = "only this one";

    [Fact]
    public async Task Logs_that_fail_by_themselves_block_no_others_and_rest_in_the_error_queue_in_the_end()
    {
        await using var stage = await Stage.SetAsync(broker, new()
        {
            ["JobRunner__Report__RedeliverAfter"] = "200ms,500ms",
            ["JobRunner__Report__RedeliverFor"] = "3s",
            ["JobRunner__RequestManager__AttemptDelay"] = "50ms",
        });
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        // More than a worker takes at once, and all of them first.
        var poison = Enumerable.Range(0, 50).Select(LogFeed.JobIdOf).ToHashSet();
        stage.RequestManager.Decide = call => poison.Contains(LogFeed.JobIdIn(call.Body.Span)) ? StubAnswer.Error(500, Riddle) : null;
        await feed.SendAsync(50);
        await feed.SendAsync(400);

        await Eventually.HoldsAsync(() => $"the good ones; {stage.RequestManager.Rows.Count} came, the worker said:\n{stage.Worker.Output}", () => stage.RequestManager.Rows.Count == 400);
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));
        await Eventually.HoldsAsync("the others are dead-lettered, once good ones tell that it is their own trouble", async () =>
        {
            await feed.SendAsync(1);
            return await stage.Client.CountAsync("job-log-recorded_error") == 50;
        });

        var kept = (await stage.Client.GetAsync("job-log-recorded_error"))!;
        Assert.Contains(Riddle, kept.Header("MT-Fault-Message"));
        Assert.True(int.Parse(kept.Header("jobrunner-put-offs"), System.Globalization.CultureInfo.InvariantCulture) >= 1);

        // Sent back as it is, it starts over: what it has used up does not fail it again.
        stage.RequestManager.Decide = null;
        stage.RequestManager.Answer([.. Enumerable.Repeat(StubAnswer.Error(500, Riddle), 5)]);
        await stage.Client.Channel.BasicPublishAsync(
            "", "job-log-recorded", mandatory: true, new BasicProperties(kept.Properties), Encoding.UTF8.GetBytes(kept.Body), TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("it gets through", () => stage.RequestManager.Rows.Any(row => row.JobId == LogFeed.JobIdIn(Encoding.UTF8.GetBytes(kept.Body))));
        Assert.Equal(49u, await stage.Client.CountAsync("job-log-recorded_error"));
    }

    [Fact]
    public async Task A_redelivered_log_keeps_its_body_byte_for_byte_and_goes_nowhere_but_to_its_queue()
    {
        await using var stage = await Stage.SetAsync(broker, new()
        {
            ["JobRunner__Report__RedeliverAfter"] = "1500ms",
            ["JobRunner__RequestManager__AttemptDelay"] = "10ms",
        });
        var heard = await stage.Client.ListenAsync("job-log-recorded");
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        stage.RequestManager.Decide = call => LogFeed.JobIdIn(call.Body.Span) == "0000" ? StubAnswer.Error(500, Riddle) : null;
        var odd = LogFeed.Body(feed.RequestId, "0000", """, "more" : 12345678901234567890.5 ,"x":"\u00e9é" """);

        await feed.SendAsync(1, (_, _) => odd);
        await Eventually.HoldsAsync("it waits for its redelivery", async () =>
        {
            await feed.SendAsync(1);
            return await IsInAsync(stage, "job-log-recorded.delay.1.5s");
        });
        await stage.Worker.KillAsync();
        await Eventually.HoldsAsync("it is back in its queue", async () => await stage.Client.CountAsync("job-log-recorded") >= 1);
        PlainMessage? back = null;
        await Eventually.HoldsAsync(
            "the log itself, and not the delivery that the kill may have left unacknowledged",
            async () => (back = await stage.Client.GetAsync("job-log-recorded")) is { } got && got.Body == odd && got.Header("jobrunner-put-offs") == "1");

        Assert.True(long.Parse(back!.Header("jobrunner-put-off-at"), System.Globalization.CultureInfo.InvariantCulture) > 0);
        Assert.Single(heard, message => message.Body == odd);
        Assert.Equal(1, await JournaledAsync(stage, odd));
        var arguments = await QueueArgumentsAsync(stage, "job-log-recorded.delay.1.5s");
        Assert.Equal(
            ("quorum", 1500, "", "job-log-recorded", "at-least-once", "reject-publish"),
            ((string?)arguments["x-queue-type"], (int?)arguments["x-message-ttl"], (string?)arguments["x-dead-letter-exchange"],
                (string?)arguments["x-dead-letter-routing-key"], (string?)arguments["x-dead-letter-strategy"], (string?)arguments["x-overflow"]));
    }

    /// <summary>Whether a queue that may not be there yet holds a message.</summary>
    private static async Task<bool> IsInAsync(Stage stage, string queue)
    {
        await using var client = await PlainClient.ConnectAsync(stage.Uri);
        try
        {
            return await client.CountAsync(queue) > 0;
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return false;
        }
    }

    private static async Task<int> JournaledAsync(Stage stage, string body)
    {
        await using var client = await PlainClient.ConnectAsync(stage.Uri);
        await client.Channel.BasicQosAsync(0, 100, global: false);
        var read = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var consumer = new RabbitMQ.Client.Events.AsyncEventingBasicConsumer(client.Channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            read.Enqueue(Encoding.UTF8.GetString(delivery.Body.Span));
            await client.Channel.BasicAckAsync(delivery.DeliveryTag, multiple: false);
        };
        await client.Channel.BasicConsumeAsync(
            "job-journal", autoAck: false, "", false, false, new Dictionary<string, object?> { ["x-stream-offset"] = "first" }, consumer);
        await stage.Client.SendAsync("job-log-recorded", "{\"mark\":1}");
        await Eventually.HoldsAsync("all of the journal", () => read.Contains("{\"mark\":1}"));
        return read.Count(entry => entry == body);
    }

    private async Task<JsonNode> QueueArgumentsAsync(Stage stage, string queue)
    {
        var virtualHost = Uri.UnescapeDataString(stage.Uri.AbsolutePath[1..]);
        var found = await broker.Node.Management.GetFromJsonAsync<JsonNode>(
            new Uri($"queues/{Uri.EscapeDataString(virtualHost)}/{queue}", UriKind.Relative), TestContext.Current.CancellationToken);
        return found!["arguments"]!;
    }
}
