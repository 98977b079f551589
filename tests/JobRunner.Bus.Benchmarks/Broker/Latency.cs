using System.Collections.Concurrent;
using System.Diagnostics;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>From the publishing of a command to its end at the scheduler, at a rate both sides are far from busy with.</summary>
internal static class Latency
{
    private const int PerSecond = 200;

    public static async Task<(double P50Ratio, double P99Ratio)> MeasureAsync(Rivals rivals, int rounds, TimeSpan each)
    {
        List<(double P50, double P99)> worker = [], floor = [];
        foreach (var side in new[] { rivals.Floor, rivals.Worker })
        {
            await RunAsync(rivals, side, TimeSpan.FromSeconds(1));
        }

        for (var round = 0; round < rounds; round++)
        {
            foreach (var side in round % 2 == 0 ? new[] { rivals.Floor, rivals.Worker } : [rivals.Worker, rivals.Floor])
            {
                (side == rivals.Floor ? floor : worker).Add(await RunAsync(rivals, side, each));
            }
        }

        Console.WriteLine($"Latency at {PerSecond} jobs/s ({rounds} rounds of {each.TotalSeconds:f0} s), ms");
        Statistics.Say("floor p50", [.. floor.Select(run => run.P50)]);
        Statistics.Say("worker p50", [.. worker.Select(run => run.P50)]);
        Statistics.Say("floor p99", [.. floor.Select(run => run.P99)]);
        Statistics.Say("worker p99", [.. worker.Select(run => run.P99)]);
        return (
            Statistics.Say("p50 ratio of neighbours", [.. worker.Zip(floor, (one, other) => one.P50 / other.P50)]),
            Statistics.Say("p99 ratio of neighbours", [.. worker.Zip(floor, (one, other) => one.P99 / other.P99)]));
    }

    private static async Task<(double P50, double P99)> RunAsync(Rivals rivals, Side side, TimeSpan each)
    {
        var request = rivals.NewRequestId();
        var count = (int)(each.TotalSeconds * PerSecond);
        var sentAt = new long[count];
        var took = new ConcurrentDictionary<string, double>(StringComparer.Ordinal);
        var repeated = false;
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tag = await Consumers.ConsumeAsync(side.Load.Channel, Load.Ends, autoAck: true, (_, body) =>
        {
            var now = Stopwatch.GetTimestamp();
            var (_, job) = Ids.Of(body.Span);
            var number = Convert.ToInt32(job, 16);
            repeated |= !took.TryAdd(job, Stopwatch.GetElapsedTime(sentAt[number], now).TotalMilliseconds);
            if (took.Count == count)
            {
                all.TrySetResult();
            }
        });
        // Open loop: when one is due it is sent, whatever became of those before.
        var start = Stopwatch.GetTimestamp();
        var sending = new List<Task>(count);
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1)))
        {
            for (var number = 0; number < count;)
            {
                await timer.WaitForNextTickAsync();
                for (var due = (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * PerSecond); number < Math.Min(due, count); number++)
                {
                    var command = Load.Command(request, Load.JobId(number));
                    sentAt[number] = Stopwatch.GetTimestamp();
                    sending.Add(side.Load.SendAsync(command));
                }
            }
        }

        await Task.WhenAll(sending);
        await all.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await side.Load.Channel.BasicCancelAsync(tag);
        await side.Load.Channel.QueuePurgeAsync("job-log-recorded");
        if (repeated)
        {
            throw new InvalidOperationException($"the {side.Name} repeated a job");
        }

        var sorted = took.Values.Order().ToList();
        return (Statistics.Percentile(sorted, 0.5), Statistics.Percentile(sorted, 0.99));
    }
}
