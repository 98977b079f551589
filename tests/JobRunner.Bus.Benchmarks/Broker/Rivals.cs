using System.Diagnostics;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>The worker and the floor, each with a virtual host of its own on one broker, both running and warm.</summary>
internal sealed class Rivals : IAsyncDisposable
{
    /// <summary>Deliveries under way at once, the same for both.</summary>
    public const int Slots = 128;

    private int _runs;

    public required Side Worker { get; init; }

    public required Side Floor { get; init; }

    /// <summary>Starts both and warms them up.</summary>
    public static async Task<Rivals> StartAsync(RabbitMqNode node, int warmUp)
    {
        var forWorker = node.UriOf(await node.NewVirtualHostAsync());
        var forFloor = node.UriOf(await node.NewVirtualHostAsync());
        // The floor's queues are declared by a worker too, so that they are the same.
        await using (var declaring = await WorkerAsync(forFloor))
        {
            await declaring.TerminateAsync();
        }

        var rivals = new Rivals
        {
            Worker = new Side("worker", await WorkerAsync(forWorker), await Load.OpenAsync(forWorker)),
            Floor = new Side("floor", await Child.AgainAsync("floor", forFloor.ToString(), $"{Slots}"), await Load.OpenAsync(forFloor)),
        };
        try
        {
            foreach (var side in new[] { rivals.Worker, rivals.Floor })
            {
                for (var sent = 0; sent < warmUp; sent += 10_000)
                {
                    await rivals.RunAsync(side, 10_000);
                }
            }

            return rivals;
        }
        catch
        {
            // Left over, they would take processor time from the next measurement.
            await rivals.DisposeAsync();
            throw;
        }
    }

    // Jobs only: delivering logs would be other work, which the floor does not do. All other settings are the defaults.
    private static Task<Child> WorkerAsync(Uri broker) => Child.WorkerAsync(broker, ("Worker__Roles", "Run"), ("Worker__Slots", $"{Slots}"));

    public string NewRequestId() => $"bench{++_runs:d15}";

    /// <summary>Has one side run that many commands, all of them waiting when it begins.</summary>
    /// <exception cref="InvalidOperationException">A job was lost or repeated.</exception>
    public async Task<Round> RunAsync(Side side, int jobs)
    {
        var request = NewRequestId();
        await side.Child.PauseAsync();
        await side.Load.SendAsync(request, jobs);
        var (cpu, broker) = (side.Child.CpuTime, BrokerTime.Used);
        var watch = Stopwatch.StartNew();
        await side.Child.ContinueAsync();
        await Eventually.HoldsAsync("all jobs end", async () => await side.Load.CountEndsAsync() >= jobs, TimeSpan.FromMinutes(3));

        var took = watch.Elapsed;
        var (used, brokers) = (side.Child.CpuTime - cpu, BrokerTime.Used - broker);
        var (log, end) = await side.Load.TakeAllAsync(request, jobs);
        return new Round(jobs / took.TotalSeconds, used.TotalMicroseconds / jobs, brokers.TotalMicroseconds / jobs, log, end);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var side in new[] { Worker, Floor })
        {
            await side.Load.DisposeAsync();
            await side.Child.DisposeAsync();
        }
    }
}

/// <summary>One of the two.</summary>
internal sealed record Side(string Name, Child Child, Load Load);

/// <summary>What one run came to.</summary>
/// <param name="JobsPerSecond">Throughput.</param>
/// <param name="CpuMicroseconds">Processor time of the process per job.</param>
/// <param name="BrokerMicroseconds">Processor time of the broker per job.</param>
/// <param name="LogBytes">Mean size of a log.</param>
/// <param name="EndBytes">Mean size of an end.</param>
internal sealed record Round(double JobsPerSecond, double CpuMicroseconds, double BrokerMicroseconds, double LogBytes, double EndBytes);
