using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A queue that somebody deletes under a worker comes back by the worker itself, and nothing is lost or stuck meanwhile.</summary>
public sealed class DeletedQueueTests(Broker broker)
{
    private static readonly TimeSpan ComesBackWithin = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_queue_of_commands_is_declared_again_and_consumed_again()
    {
        await using var stage = await Stage.SetAsync(broker);

        await stage.Client.Channel.QueueDeleteAsync("run-job", ifUnused: false, ifEmpty: false);

        await Eventually.HoldsAsync("it is consumed again", async () => await ConsumersAsync(stage, "run-job") == 1, ComesBackWithin);
        await RunsAsync(stage);
    }

    [Fact]
    public async Task Commands_that_are_refused_while_their_error_queue_is_gone_are_kept_all_the_same()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Slots"] = "2" });
        await stage.Client.Channel.QueueDeleteAsync("run-job_error", ifUnused: false, ifEmpty: false);

        for (var command = 0; command < 5; command++)
        {
            await stage.Client.SendAsync("run-job", "no command");
        }

        await RunsAsync(stage);
        await Eventually.HoldsAsync("all are kept", async () => await ConsumersAsync(stage, "run-job_error") == 0 && await stage.Client.CountAsync("run-job_error") >= 5, ComesBackWithin);
        Assert.Equal(0, await stage.Worker.TerminateAsync());
        Assert.Equal(0u, await stage.Client.CountAsync("run-job"));
    }

    private static async Task<uint> ConsumersAsync(Stage stage, string queue)
    {
        // A channel of its own: one that asks for a queue that is not there is closed.
        await using var client = await PlainClient.ConnectAsync(stage.Uri);
        try
        {
            return (await client.Channel.QueueDeclarePassiveAsync(queue)).ConsumerCount;
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return uint.MaxValue;
        }
    }

    private static async Task RunsAsync(Stage stage)
    {
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"} }""");
        Assert.Equal(3, (int)(await stage.FinishedAsync(request, "abcd"))["finalState"]!);
    }
}
