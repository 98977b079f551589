using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Peers;

/// <summary>
/// The same commands through this worker and through what else a team might use, on one broker, in turns. What each can lose is told
/// in docs/performance.md.
/// </summary>
internal static class PeersBench
{
    private const int WarmUp = 10_000;

    public static async Task<int> RunAsync(bool quick)
    {
        var (rounds, jobs) = quick ? (5, 5_000) : (9, 10_000);
        await using var node = await RabbitMqNode.StartAsync();
        Console.WriteLine($"Peers: {rounds} rounds of {jobs} jobs, {Rivals.Slots} at once, {Environment.ProcessorCount} cores, RabbitMQ {await RabbitMqNode.VersionAsync()}, .NET {Environment.Version}");
        List<IPeer> peers = [];
        try
        {
            peers.Add(new AmqpPeer("this worker", await WithWorkerAsync(node)));
            peers.Add(new AmqpPeer("MassTransit", await WithProgramAsync(node, "MassTransit.dll", "masstransit")));
            peers.Add(new AmqpPeer("Wolverine, confirms", await WithProgramAsync(node, "Wolverine.dll", "wolverine", "confirms")));
            peers.Add(new AmqpPeer("Wolverine, no confirms", await WithProgramAsync(node, "Wolverine.dll", "wolverine", "unconfirmed")));
            if (await CeleryPeer.StartAsync(node) is { } celery)
            {
                peers.Add(celery);
            }
            else
            {
                Console.WriteLine("  Celery is not installed: apt-get install python3-celery");
            }

            foreach (var peer in peers)
            {
                await peer.RunAsync($"warm{peers.IndexOf(peer):d16}", WarmUp);
            }

            var figures = peers.ToDictionary(peer => peer, _ => new List<double>());
            for (var round = 0; round < rounds; round++)
            {
                // Each begins as often: what the broker has to catch up with after a run falls on all alike.
                foreach (var peer in peers.Skip(round % peers.Count).Concat(peers.Take(round % peers.Count)))
                {
                    figures[peer].Add(await peer.RunAsync($"p{round:d4}{peers.IndexOf(peer):d15}", jobs));
                }
            }

            Say(peers, figures);
            return 0;
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine($"No figures: {error.Message}");
            return 1;
        }
        finally
        {
            foreach (var peer in peers)
            {
                await peer.DisposeAsync();
            }
        }
    }

    private static void Say(List<IPeer> peers, Dictionary<IPeer, List<double>> figures)
    {
        foreach (var peer in peers)
        {
            Statistics.Say($"{peer.Name} {peer.Version}, jobs/s", figures[peer], "f0");
        }

        var own = figures[peers[0]];
        Console.WriteLine("{" + string.Join(',', peers.Skip(1).Select(peer =>
            $"\"{peer.Name}\":{Statistics.Median([.. own.Zip(figures[peer], (mine, other) => mine / other)]).ToString("0.##", CultureInfo.InvariantCulture)}")) + "}");
    }

    private static async Task<(Side, string)> WithWorkerAsync(RabbitMqNode node)
    {
        var broker = node.UriOf(await node.NewVirtualHostAsync());
        var worker = await Child.WorkerAsync(broker, ("Worker__Roles", "Run"), ("Worker__Slots", $"{Rivals.Slots}"));
        return (new Side("", worker, await Load.OpenAsync(broker)), "");
    }

    private static async Task<(Side, string)> WithProgramAsync(RabbitMqNode node, string library, params string[] arguments)
    {
        var broker = node.UriOf(await node.NewVirtualHostAsync());
        // The same queues, so declared by a worker.
        await using (var declaring = await Child.WorkerAsync(broker, ("Worker__Roles", "Run")))
        {
            await declaring.TerminateAsync();
        }

        var folder = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../JobRunner.Bus.Peers/bin/Release/net10.0"));
        var program = new ProcessStartInfo(
            "dotnet", [Path.Combine(folder, "JobRunner.Bus.Peers.dll"), arguments[0], broker.ToString(), $"{Rivals.Slots}", .. arguments[1..]]);
        var child = await Child.StartAsync(program, "ready");
        var version = FileVersionInfo.GetVersionInfo(Path.Combine(folder, library)).ProductVersion ?? "";
        return (new Side("", child, await Load.OpenAsync(broker)), version.Split('+')[0]);
    }
}
