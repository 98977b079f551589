using System.Text;

namespace JobRunner.Bus.BrokerTests;

/// <summary>More queues are more virtual hosts (docs/operations.md): each knows only its own requests.</summary>
public sealed class ShardTests(Broker broker)
{
    [Fact]
    public async Task A_stop_acts_in_the_virtual_host_it_is_sent_to_and_in_no_other()
    {
        await using var first = await Stage.SetAsync(broker);
        await using var second = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        var command = $$"""
            {"requestId":"{{request}}","job":{"id":"slep","type":"sleep","bytes":"{{Convert.ToBase64String(Encoding.UTF8.GetBytes("""{"duration":600000000000}"""))}}"},"sentAt":"2026-11-24T10:00:00Z"}
            """;
        var stop = $$"""{"requestId":"{{request}}","sentAt":"2026-11-24T10:00:01Z"}""";
        foreach (var stage in new[] { first, second })
        {
            await stage.Client.SendAsync("run-job", command);
            await StopTests.StatusAsync(stage, request, status => (int)status["state"]! == 2);
        }

        await first.Client.SendAsync("stop-job", stop);
        Assert.Equal(6, (int)(await first.FinishedAsync(request, "slep"))["finalState"]!);
        await StopTests.StatusAsync(second, request, status => (int)status["state"]! == 2);
        Assert.Empty(second.Ends(request, "slep"));

        await second.Client.SendAsync("stop-job", stop);
        Assert.Equal(6, (int)(await second.FinishedAsync(request, "slep"))["finalState"]!);
    }
}
