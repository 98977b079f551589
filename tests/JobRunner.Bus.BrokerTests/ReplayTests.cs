using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The command <c>replay</c> on a real broker: a rebuilt Request Manager gets its logs back from the journal.</summary>
public sealed class ReplayTests(Broker broker)
{
    [Fact]
    public async Task A_rebuilt_Request_Manager_gets_every_log_of_the_journal_once_however_often_it_is_replayed()
    {
        await using var stage = await Stage.SetAsync(broker);
        var (exit, told) = await stage.RunAsync("replay", "--since", "1h");
        Assert.True(exit == 0 && told.Contains("0 logs sent", StringComparison.Ordinal), told);

        string[] requests = [Stage.NewRequestId(), Stage.NewRequestId()];
        foreach (var request in requests)
        {
            foreach (var job in new[] { "aaaa", "bbbb" })
            {
                await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"{{job}}","type":"noop"} }""");
            }
        }

        await Eventually.HoldsAsync("all are delivered", () => stage.RequestManager.Rows.Count == 4);
        Assert.Equal(0, await stage.Worker.TerminateAsync());
        await using var rebuilt = await StubRequestManager.StartAsync();
        await stage.AddWorkerAsync(new() { ["JobRunner__RequestManager__BaseUrl"] = rebuilt.BaseUrl });

        (exit, told) = await stage.RunAsync("replay", "--since", "1h", "--request", requests[1], "--json");
        Assert.True(exit == 0, told);
        Assert.Equal((2, true), ((int)JsonNode.Parse(told)!["sent"]!, (bool)JsonNode.Parse(told)!["complete"]!));
        await Eventually.HoldsAsync("one request is back", () => rebuilt.Rows.Count == 2);
        Assert.All(rebuilt.Rows, row => Assert.Equal(requests[1], row.RequestId));

        (exit, told) = await stage.RunAsync("replay", "--since", $"{DateTimeOffset.UtcNow.AddHours(-1):O}");
        Assert.True(exit == 0 && told.Contains("4 logs sent", StringComparison.Ordinal), told);
        await Eventually.HoldsAsync("all are posted", () => rebuilt.Requests.Count == 6);
        await Eventually.HoldsAsync("all are back", () => rebuilt.Rows.Count == 4);
        Assert.Equal(
            stage.RequestManager.Rows.OrderBy(row => row.RequestId).ThenBy(row => row.JobId),
            rebuilt.Rows.OrderBy(row => row.RequestId).ThenBy(row => row.JobId));

        // Replayed logs were not put into the journal again.
        (_, told) = await stage.RunAsync("replay", "--since", "1h", "--dry-run", "--json");
        Assert.Equal(4, (int)JsonNode.Parse(told)!["logs"]!);
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));
    }
}
