namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>Jobs per second, side by side.</summary>
internal static class Throughput
{
    public static async Task<double> MeasureAsync(Rivals rivals, int rounds, int jobs)
    {
        List<Round> worker = [], floor = [];
        for (var round = 0; round < rounds; round++)
        {
            // First in turn: what the broker has to catch up with after a run falls on the other as often.
            foreach (var side in round % 2 == 0 ? new[] { rivals.Floor, rivals.Worker } : [rivals.Worker, rivals.Floor])
            {
                (side == rivals.Floor ? floor : worker).Add(await rivals.RunAsync(side, jobs));
            }
        }

        Console.WriteLine($"Throughput ({rounds} rounds of {jobs} jobs, {Rivals.Slots} at once)");
        Statistics.Say("floor, jobs/s", [.. floor.Select(run => run.JobsPerSecond)], "f0");
        Statistics.Say("worker, jobs/s", [.. worker.Select(run => run.JobsPerSecond)], "f0");
        Statistics.Say("floor, CPU µs/job", [.. floor.Select(run => run.CpuMicroseconds)], "f0");
        Statistics.Say("worker, CPU µs/job", [.. worker.Select(run => run.CpuMicroseconds)], "f0");
        Statistics.Say("broker for the floor, CPU µs/job", [.. floor.Select(run => run.BrokerMicroseconds)], "f0");
        Statistics.Say("broker for the worker, CPU µs/job", [.. worker.Select(run => run.BrokerMicroseconds)], "f0");
        Console.WriteLine(
            $"  bytes published per job: floor {floor[0].LogBytes:f1} + {floor[0].EndBytes:f1}, worker {worker[0].LogBytes:f1} + {worker[0].EndBytes:f1}");
        if (Math.Abs(floor[0].LogBytes - worker[0].LogBytes) > 2 || Math.Abs(floor[0].EndBytes - worker[0].EndBytes) > 2)
        {
            throw new InvalidOperationException("worker and floor do not publish the same bytes");
        }

        return Statistics.Say("ratio of neighbours", [.. worker.Zip(floor, (one, other) => one.JobsPerSecond / other.JobsPerSecond)]);
    }
}
