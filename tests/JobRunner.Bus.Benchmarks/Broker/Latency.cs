namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>
/// From the publishing of a command to its end at the scheduler, at a rate both sides are far from busy with. The sides take
/// turns every tenth of a second, so that what else the machine does falls on both.
/// </summary>
internal static class Latency
{
    private const int PerSecond = 200;
    private const int JobsPerSlice = 20;

    public static async Task<(double P50Ratio, double P99Ratio)> MeasureAsync(Rivals rivals, int rounds, TimeSpan each)
    {
        var slices = (int)(each.TotalSeconds * PerSecond / JobsPerSlice);
        List<(double P50, double P99)> worker = [], floor = [];
        await RunAsync(rivals, 4, floorFirst: true);
        for (var round = 0; round < rounds; round++)
        {
            var (ofFloor, ofWorker) = await RunAsync(rivals, slices, floorFirst: round % 2 == 0);
            floor.Add(ofFloor);
            worker.Add(ofWorker);
        }

        Console.WriteLine($"Latency at {PerSecond} jobs/s ({rounds} rounds of {each.TotalSeconds:f0} s for each, in turns of {JobsPerSlice} jobs), ms");
        Statistics.Say("floor p50", [.. floor.Select(run => run.P50)]);
        Statistics.Say("worker p50", [.. worker.Select(run => run.P50)]);
        Statistics.Say("floor p99", [.. floor.Select(run => run.P99)]);
        Statistics.Say("worker p99", [.. worker.Select(run => run.P99)]);
        return (
            Statistics.Say("p50 ratio of neighbours", [.. worker.Zip(floor, (one, other) => one.P50 / other.P50)]),
            Statistics.Say("p99 ratio of neighbours", [.. worker.Zip(floor, (one, other) => one.P99 / other.P99)]));
    }

    private static async Task<((double P50, double P99) Floor, (double P50, double P99) Worker)> RunAsync(Rivals rivals, int slices, bool floorFirst)
    {
        await using var floor = await LatencyProbe.OpenAsync(rivals.Floor, rivals.NewRequestId(), slices * JobsPerSlice);
        await using var worker = await LatencyProbe.OpenAsync(rivals.Worker, rivals.NewRequestId(), slices * JobsPerSlice);
        for (var slice = 0; slice < slices; slice++)
        {
            foreach (var probe in floorFirst ? new[] { floor, worker } : [worker, floor])
            {
                await probe.SendAsync(JobsPerSlice, PerSecond);
            }
        }

        return (Percentiles(floor), Percentiles(worker));
    }

    private static (double P50, double P99) Percentiles(LatencyProbe probe)
    {
        var sorted = probe.Took.Order().ToList();
        return (Statistics.Percentile(sorted, 0.5), Statistics.Percentile(sorted, 0.99));
    }
}
