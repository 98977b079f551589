namespace JobRunner.Bus.BrokerTests;

/// <summary>The broker keeps the reader of stops attached and tells it nothing more.</summary>
public sealed class DeafReaderTests(Broker broker)
{
    [Fact]
    public async Task A_stop_reaches_its_job_though_the_channel_that_reads_stops_hangs_in_the_broker()
    {
        await using var stage = await Stage.SetAsync(broker);
        var request = Stage.NewRequestId();
        await stage.Client.SendAsync("run-job", $$"""
            {"requestId":"{{request}}","job":{"id":"slep","type":"sleep","bytes":"{{Convert.ToBase64String("""{"duration":600000000000}"""u8)}}"},"sentAt":"{{DateTimeOffset.UtcNow:O}}"}
            """);
        await HangAsync(stage);

        await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{request}}","jobId":"slep","sentAt":"{{DateTimeOffset.UtcNow:O}}"}""");

        var end = await stage.FinishedAsync(request, "slep", TimeSpan.FromMinutes(2));
        Assert.Equal(6, (int)end["finalState"]!);
        Assert.Contains("the stream is read anew", stage.Worker.Output);
    }

    /// <summary>Stops the process that serves the channel.</summary>
    private async Task HangAsync(Stage stage)
    {
        var host = Uri.UnescapeDataString(stage.Uri.AbsolutePath[1..]);
        var hung = await broker.Node.ControlAsync(
            "eval",
            $"[sys:suspend(Channel) || {{{{{{resource, <<\"{host}\">>, queue, <<\"stop-job\">>}}, Channel, _}}, _, _, _, _, _, _}} <- ets:tab2list(consumer_created)].");
        Assert.Equal("[ok]", hung.Trim());
    }
}
