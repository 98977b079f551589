using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>What an error queue does not take stays in its own queue, lets others by, and is tried again without haste.</summary>
public sealed class FullErrorQueueTests(Broker broker)
{
    private static readonly TimeSpan Within = TimeSpan.FromMinutes(1);
    private static readonly string Refused = Stage.NewRequestId();
    private static readonly StubAnswer RefusedForGood = StubAnswer.Error(500, "Error 1406: Data too long for column 'error' at row 1");

    [Fact]
    public async Task More_refused_commands_than_slots_hold_up_no_other_and_are_kept_once_there_is_room()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Worker__Slots"] = "2" });
        await broker.Node.LimitAsync(stage.Uri, "run-job_error");
        for (var command = 0; command < 4; command++)
        {
            await stage.Client.SendAsync("run-job", "no command");
        }

        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"} }""");

        Assert.Equal(3, (int)(await stage.FinishedAsync(request, "abcd", Within))["finalState"]!);
        await AreKeptOnceThereIsRoomAsync(stage, "run-job", 4);
    }

    [Fact]
    public async Task Refused_logs_hold_up_no_other_are_not_posted_again_and_again_and_are_kept_once_there_is_room()
    {
        await using var stage = await Stage.SetAsync(broker, new() { ["JobRunner__Report__Concurrency"] = "2" });
        stage.RequestManager.Decide = call => call.Target.Contains(Refused, StringComparison.Ordinal) ? RefusedForGood : null;
        await broker.Node.LimitAsync(stage.Uri, "job-log-recorded_error");
        for (var job = 0; job < 4; job++)
        {
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{Refused}}","job":{"id":"bad{{job}}","type":"noop"} }""");
        }

        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"abcd","type":"noop"} }""");

        await Eventually.HoldsAsync("its log arrives", () => stage.RequestManager.Rows.Any(row => row.RequestId == request), Within);
        await Eventually.HoldsAsync("refused logs are requeued", () => stage.Worker.Output.Split("[1133]").Length > 3, Within);
        Assert.InRange(stage.RequestManager.RequestCount, 5, 20);
        await AreKeptOnceThereIsRoomAsync(stage, "job-log-recorded", 4);
    }

    private static async Task AreKeptOnceThereIsRoomAsync(Stage stage, string queue, uint messages)
    {
        for (var kept = 0u; kept < messages;)
        {
            await Eventually.HoldsAsync($"message {kept} is kept", async () => await stage.Client.CountAsync($"{queue}_error") > 0, Within);
            kept += await stage.Client.Channel.QueuePurgeAsync($"{queue}_error");
        }
    }
}
