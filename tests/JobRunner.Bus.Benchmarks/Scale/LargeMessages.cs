using System.Text;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>What one side did with large messages.</summary>
/// <param name="Case">What is large.</param>
/// <param name="Side">Worker or floor.</param>
/// <param name="Cost">What a job cost.</param>
/// <param name="PeakMb">Most memory of the process.</param>
/// <param name="BrokerPeakMb">Most memory of the broker up to then.</param>
internal sealed record LargeRow(string Case, string Side, Cost Cost, double PeakMb, double BrokerPeakMb);

/// <summary>1 MB of job data, and 1 MB of standard output, through worker and floor.</summary>
internal static class LargeMessages
{
    /// <summary>Bytes of job data or output.</summary>
    public const int Bytes = 1_000_000;

    /// <summary>The worker's default.</summary>
    public const int Slots = 16;

    /// <exception cref="InvalidOperationException">A job was lost or repeated, or worker and floor do not publish the same.</exception>
    public static async Task<List<LargeRow>> MeasureAsync(RabbitMqNode node, int jobs, int rounds)
    {
        using var meter = await Meter.OfAsync([node]);
        return
        [
            .. await CompareAsync(
                "1 MB job data", node, meter, uri => Shard.WorkerAsync(uri, Slots), uri => Child.AgainAsync("floor", uri.ToString(), $"{Slots}"),
                shard => new Run([shard], jobs) { JobData = JobData() }, rounds),
            .. await CompareAsync(
                "1 MB stdout", node, meter, uri => Child.AgainAsync("talking-worker", uri.ToString(), $"{Slots}", $"{Bytes}"),
                uri => Child.AgainAsync("floor", uri.ToString(), $"{Slots}", $"{Bytes}"),
                shard => new Run([shard], jobs) { JobType = TalkingWorker.JobType }, rounds),
        ];
    }

    private static async Task<LargeRow[]> CompareAsync(
        string what, RabbitMqNode node, Meter meter, Func<Uri, Task<Child>> newWorker, Func<Uri, Task<Child>> newFloor, Func<Shard, Run> newRun, int rounds)
    {
        await using var worker = await OpenAsync(node, newWorker);
        await using var floor = await OpenAsync(node, newFloor);
        List<Cost> ofWorker = [], ofFloor = [];
        // The first round warms up.
        for (var round = 0; round <= rounds; round++)
        {
            // First in turn: what the broker has to catch up with after a run falls on the other as often.
            var (first, second) = round % 2 == 0 ? (floor, worker) : (worker, floor);
            var (firstCost, secondCost) = (await newRun(first).MeasureAsync(meter), await newRun(second).MeasureAsync(meter));
            var (floorCost, workerCost) = first == floor ? (firstCost, secondCost) : (secondCost, firstCost);
            if (Math.Abs(floorCost.Published - workerCost.Published) > 4)
            {
                throw new InvalidOperationException($"{what}: the worker publishes {workerCost.Published:f0} bytes for a job, the floor {floorCost.Published:f0}");
            }

            if (round > 0)
            {
                ofFloor.Add(floorCost);
                ofWorker.Add(workerCost);
            }
        }

        var brokerPeak = meter.PeakBytes() / 1e6;
        return
        [
            new LargeRow(what, "worker", Cost.Median(ofWorker), Meter.PeakBytes(worker.Workers[0].Id) / 1e6, brokerPeak),
            new LargeRow(what, "floor", Cost.Median(ofFloor), Meter.PeakBytes(floor.Workers[0].Id) / 1e6, brokerPeak),
        ];
    }

    private static async Task<Shard> OpenAsync(RabbitMqNode node, Func<Uri, Task<Child>> newWorker)
    {
        var shard = await Shard.OpenAsync(node.UriOf(await node.NewVirtualHostAsync()), newWorker);
        await shard.HaveWorkersAsync(1);
        return shard;
    }

    /// <summary>A thousand values of a thousand bytes.</summary>
    private static string JobData()
    {
        var json = new StringBuilder("{");
        for (var number = 0; number < 1000; number++)
        {
            json.Append(number == 0 ? "" : ",").Append($"\"part-{number:d3}\":\"").Append('x', 985).Append('"');
        }

        return json.Append('}').ToString();
    }
}
