using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Chains.Service.Tests;

/// <summary>What role Chain has on the broker is printed, made, watched and counted like all else.</summary>
public sealed class TopologyTests(Broker broker) : ChainProcesses(broker)
{
    private static readonly string[] Queues = ["run-chain", "resume-chain", "stop-chain", "chain-job-finished", "chain-due"];

    [Theory]
    [InlineData("Run,Report", false, false)]
    [InlineData("Run,Chain", true, false)]
    [InlineData("Chain", true, true)]
    public async Task The_program_prints_the_queues_of_chains_where_the_role_is_set(string roles, bool hasChains, bool hasReports)
    {
        await using var program = WorkerProcess.Start(["topology", "--json"], new Dictionary<string, string>
        {
            ["JobRunner__Worker__Roles"] = roles,
            ["JobRunner__RequestManager__BaseUrl"] = hasReports ? "http://127.0.0.1:9" : "",
        });
        Assert.Equal(0, await program.ExitCodeAsync());
        await Eventually.HoldsAsync(() => $"all is printed: {program.Output}", () => program.Output.TrimEnd().EndsWith('}'), Patience);

        var definitions = JsonNode.Parse(program.Output)!;
        var queues = definitions["queues"]!.AsArray().Select(queue => (string)queue!["name"]!).ToList();
        var exchanges = definitions["exchanges"]!.AsArray().Select(exchange => (string)exchange!["name"]!).ToList();
        Assert.All(Queues, queue => Assert.Equal((hasChains, hasChains), (queues.Contains(queue), queues.Contains($"{queue}_error"))));
        Assert.All(["get-chains", "chain-finished"], exchange => Assert.Equal(hasChains, exchanges.Contains(exchange)));
        Assert.All(["chain-finished.report", "chain-finished.report_error", "chain-finished.report.delay.5s"], queue => Assert.Equal(hasReports, queues.Contains(queue)));
    }

    [Fact]
    public async Task A_queue_that_somebody_deletes_is_made_again_and_all_are_counted()
    {
        var port = RabbitMqNode.FreePort();
        await StartAsync(await AddAsync("Run,Report,Chain", new Dictionary<string, string> { ["JobRunner__Http__Port"] = $"{port}" }));
        await using var vandal = await PlainClient.ConnectAsync(Uri);

        await vandal.Channel.QueueDeleteAsync("run-chain", ifUnused: false, ifEmpty: false, cancellationToken: TestContext.Current.CancellationToken);
        await vandal.Channel.QueueDeleteAsync("chain-due_error", ifUnused: false, ifEmpty: false, cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync("what nobody reads is missed", () => Workers[0].Output.Contains("chain-due_error", StringComparison.Ordinal), Patience);

        await Eventually.HoldsAsync("a chain runs", async () =>
        {
            await Client.SendAsync("run-chain", Chain("req1", "a", ""));
            return !Ended.IsEmpty;
        }, Patience);
        using var http = new HttpClient();
        await Eventually.HoldsAsync("they are counted", async () =>
        {
            var metrics = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics", TestContext.Current.CancellationToken);
            return Queues.All(queue => metrics.Contains($"messaging_destination_name=\"{queue}_error\"", StringComparison.Ordinal));
        }, Patience);
    }
}
