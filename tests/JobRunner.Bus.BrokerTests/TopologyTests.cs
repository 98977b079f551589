using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>What <c>jobrunner topology</c> prints is what workers declare.</summary>
public sealed class TopologyTests(Broker broker)
{
    [Fact]
    public async Task Definitions_imported_before_the_first_worker_are_what_it_would_have_declared()
    {
        var host = await broker.Node.NewVirtualHostAsync();
        await using var program = WorkerProcess.Start(["topology", "--json", "--vhost", host], new Dictionary<string, string>());
        Assert.Equal(0, await program.ExitCodeAsync());
        var definitions = JsonNode.Parse(program.Output)!;
        using (var imported = await broker.Node.Management.PostAsJsonAsync("definitions", definitions))
        {
            imported.EnsureSuccessStatusCode();
        }

        var before = await NamesAsync(host);
        Assert.Equal(definitions["queues"]!.AsArray().Select(queue => (string)queue!["name"]!).Order(), before);

        // A queue declared otherwise would be refused (406), and the worker would not take work.
        await using var worker = await WorkerProcess.StartAsync(broker.Node.UriOf(host));

        // Of its own are only those that go with it; the last one is MassTransit's.
        var own = (await NamesAsync(host)).Except(before).ToList();
        Assert.All(own, name => Assert.Matches("^(get-runner-status|run-lease|worker)\\.", name));
    }

    private async Task<IReadOnlyList<string>> NamesAsync(string host) =>
        [.. (await broker.Node.Management.GetFromJsonAsync<JsonArray>($"queues/{host}"))!.Select(queue => (string)queue!["name"]!).Order()];
}
