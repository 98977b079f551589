using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Chains.Service.Tests;

/// <summary>The program's commands about chains, on a real broker.</summary>
public sealed class ChainCommandTests(Broker broker) : ChainProcesses(broker)
{
    [Fact]
    public async Task A_chain_is_handed_over_seen_and_stopped()
    {
        await StartAsync(await AddAsync("Run,Report,Chain"));
        var file = Path.Combine(Folder, "chain.json");
        await File.WriteAllTextAsync(file, Chain("req1", "a b", "a>b", (_, job) => Shell(job, "sleep 600")), TestContext.Current.CancellationToken);

        Assert.Contains("chain req1 of 2 jobs is handed over", await RunAsync(0, "submit", file), StringComparison.Ordinal);

        var shown = "";
        await Eventually.HoldsAsync(() => $"its job runs: {shown}", async () => (shown = await RunAsync(0, "chains", "show", "req1")).Contains("try 1 on ", StringComparison.Ordinal), Patience);
        Assert.Contains("Chain req1: RUNNING, 0 of 2 jobs COMPLETE", shown, StringComparison.Ordinal);
        Assert.Contains("waits for a", shown, StringComparison.Ordinal);
        Assert.Contains("req1", await RunAsync(0, "chains"), StringComparison.Ordinal);

        var stopped = await RunAsync(0, "stop", "req1");
        Assert.Contains("Chain req1 is ", stopped, StringComparison.Ordinal);
        Assert.Equal(6, (int)(await EndAsync("req1"))["state"]!);
        var list = JsonNode.Parse(await RunAsync(0, "chains", "--json"))!.AsArray();
        Assert.Equal(("req1", 6, 0), ((string)list.Single()!["requestId"]!, (int)list.Single()!["state"]!, (int)list.Single()!["finishedJobs"]!));
        Assert.Contains("no chain of request none is known", await RunAsync(1, "chains", "show", "none"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_example_of_the_README_is_handed_over_and_ends()
    {
        var worker = await AddAsync("Run,Report,Chain");
        await StartAsync(worker);

        var submitted = await RunAsync(0, "submit", "examples/backup-chain.json");

        await Eventually.HoldsAsync(() => $"it ends: {worker.Output}", () => !Ended.IsEmpty, Patience);
        var end = JsonNode.Parse(Ended.Single().Body)!;
        Assert.Equal(3, (int)end["state"]!);
        Assert.Contains($"chain {end["requestId"]} of ", submitted, StringComparison.Ordinal);
        Assert.Contains((string)end["requestId"]!, await RunAsync(0, "chains"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_broker_where_nobody_schedules_chains_takes_none_and_says_why()
    {
        await AddAsync("Run,Report");
        var file = Path.Combine(Folder, "chain.json");
        await File.WriteAllTextAsync(file, Chain("req1", "a b", "a>b"), TestContext.Current.CancellationToken);

        Assert.Contains("no worker of role Chain has ever connected to this broker", await RunAsync(1, "submit", file), StringComparison.Ordinal);
        Assert.Contains("no worker of role Chain is connected to the broker", await RunAsync(1, "chains"), StringComparison.Ordinal);
        Assert.Contains("The stop is recorded", await RunAsync(0, "stop", "req1"), StringComparison.Ordinal);
    }

    private async Task<string> RunAsync(int exitCode, params string[] arguments)
    {
        await using var program = WorkerProcess.Start([.. arguments, "--broker", Uri.ToString()], new Dictionary<string, string>());
        var code = await program.ExitCodeAsync();
        Assert.True(code == exitCode, $"{code}: {program.Output}");
        return program.Output;
    }
}
