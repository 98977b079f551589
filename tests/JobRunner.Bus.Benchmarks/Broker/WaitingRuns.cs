using System.Diagnostics;
using System.Globalization;
using System.Text;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>
/// Runs that wait for their second try, with one worker behind a real broker: what each weighs in the worker, and how soon all are
/// stopped by one stop of their request; beside it the floor, a client that publishes the same ends and does nothing else.
/// </summary>
internal static class WaitingRuns
{
    /// <summary>Waits out there: as many as a worker holds deliveries at most.</summary>
    private const int OnTheSpot = 10_000;

    private const int Parked = 50_000;

    /// <returns>Seconds from the publishing of the stop to the last end at the scheduler, for those on the spot and those parked.</returns>
    public static async Task<(double OnTheSpot, double Parked)> MeasureAsync(RabbitMqNode node)
    {
        var onTheSpot = await MeasureAsync(node, "on the spot", OnTheSpot, slots: 10_000, parkWaitsOver: "1h", 0);
        return (onTheSpot, await MeasureAsync(node, "parked in the broker", Parked, slots: 128, parkWaitsOver: "1s", Parked));
    }

    private static async Task<double> MeasureAsync(RabbitMqNode node, string how, int count, int slots, string parkWaitsOver, int inWaitQueue)
    {
        var broker = node.UriOf(await node.NewVirtualHostAsync());
        await using var worker = await Child.AgainAsync("waiting-worker", broker.ToString(), $"{slots}", parkWaitsOver);
        await Task.Delay(TimeSpan.FromSeconds(2));
        await using var load = await Load.OpenAsync(broker);

        // Once round with few, for what is made once and for all.
        await RunAsync(load, worker, "warm00000000000000up", 1_000, inWaitQueue > 0);
        var (heap, resident) = await WeighAsync(worker);
        var (filling, told, lastEnd, ends) = await RunAsync(load, worker, "wait0000000000000000", count, inWaitQueue > 0, async () =>
        {
            var (heapNow, residentNow) = await WeighAsync(worker);
            Console.WriteLine($"  {how}: {(double)(heapNow - heap) / count:f0} bytes in use per waiting run, {(double)(residentNow - resident) / count:f0} resident");
        });
        await using var alone = await Load.OpenAsync(broker);
        var (floor, _) = await TakeEndsAsync(load, count, () => PublishAsync(alone, ends));
        Console.WriteLine(
            $"  {how}: {count} wait after {filling:f1} s; one stop: all told after {told:f2} s, last end at the scheduler after {lastEnd:f2} s ({count / lastEnd:f0}/s), "
            + $"{lastEnd / floor:f2} times the floor's {floor:f2} s");
        return lastEnd;
    }

    private static async Task<(long Heap, long Resident)> WeighAsync(Child worker)
    {
        var before = worker.Output.Length;
        await worker.ContinueAsync();
        await Eventually.HoldsAsync("the worker has weighed itself", () => worker.Output.Length > before && worker.Output.EndsWith("weighed", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
        return (Said(worker, "weighs "), worker.ResidentBytes);
    }

    /// <summary>The number that the worker said last after this word.</summary>
    private static long Said(Child worker, string word) =>
        long.Parse(worker.Output.Split('\n').Last(line => line.StartsWith(word, StringComparison.Ordinal))[word.Length..], CultureInfo.InvariantCulture);

    private static async Task<(double Filling, double Told, double LastEnd, IReadOnlyList<byte[]> Ends)> RunAsync(
        Load load, Child worker, string request, int count, bool parked, Func<Task>? whenAllWait = null)
    {
        var watch = Stopwatch.StartNew();
        await load.SendAsync(count, number => Command(request, number));
        await Eventually.HoldsAsync("all runs wait", async () => await WaitingAsync(load, parked) >= count, TimeSpan.FromMinutes(5));
        var filling = watch.Elapsed.TotalSeconds;
        await Task.Delay(TimeSpan.FromSeconds(1));
        if (whenAllWait is not null)
        {
            await whenAllWait();
        }

        var sentAt = Stopwatch.GetTimestamp();
        var (lastEnd, ends) = await TakeEndsAsync(load, count, async () => await load.Channel.BasicPublishAsync(
            "stop-job", "", mandatory: true, Encoding.UTF8.GetBytes($$"""{"requestId":"{{request}}","sentAt":"2026-11-24T10:00:01Z"}""")));
        await load.Channel.QueuePurgeAsync("job-log-recorded");
        if (parked)
        {
            await load.Channel.QueuePurgeAsync(WaitQueue);
        }

        return (filling, Stopwatch.GetElapsedTime(sentAt, Said(worker, "told ")).TotalSeconds, lastEnd, ends);
    }

    /// <summary>Starts something, and returns how long it took until the last end was here, and the ends.</summary>
    private static async Task<(double LastEnd, IReadOnlyList<byte[]> Ends)> TakeEndsAsync(Load load, int count, Func<Task> startAsync)
    {
        var (last, seen, ends) = (0L, new HashSet<string>(count, StringComparer.Ordinal), new List<byte[]>(count));
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tag = await Consumers.ConsumeAsync(load.Channel, Load.Ends, autoAck: true, (_, body) =>
        {
            var (_, job) = Ids.Of(body.Span);
            if (!Encoding.UTF8.GetString(body.Span).Contains("\"finalState\":6", StringComparison.Ordinal) || !seen.Add(job))
            {
                all.TrySetException(new InvalidOperationException($"job {job} was not stopped, or twice"));
            }

            last = Stopwatch.GetTimestamp();
            ends.Add(body.ToArray());
            if (seen.Count == count)
            {
                all.TrySetResult();
            }
        });
        var startedAt = Stopwatch.GetTimestamp();
        await startAsync();
        await all.Task.WaitAsync(TimeSpan.FromMinutes(2));
        await load.Channel.BasicCancelAsync(tag);
        return (Stopwatch.GetElapsedTime(startedAt, last).TotalSeconds, ends);
    }

    private static async Task PublishAsync(Load load, IReadOnlyList<byte[]> ends)
    {
        await using var channel = await load.NewChannelAsync(confirms: true);
        foreach (var end in ends)
        {
            await channel.BasicPublishAsync("job-finished", "", mandatory: false, FloorProgram.EndProperties(), end);
        }
    }

    private const string WaitQueue = "run-job.wait.30m";

    /// <summary>On the spot a run waits when its first log is there; parked it does when the broker has it.</summary>
    private static async Task<uint> WaitingAsync(Load load, bool parked)
    {
        try
        {
            await using var channel = await load.NewChannelAsync();
            return await channel.MessageCountAsync(parked ? WaitQueue : "job-log-recorded");
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            // The wait queue is not there yet.
            return 0;
        }
    }

    private static byte[] Command(string request, int number) =>
        Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Load.Command(request, Load.JobId(number)))
            .Replace("\"noop\"", $"\"{WaitingWorker.JobType}\"", StringComparison.Ordinal).Replace("\"5s\"", "\"30m\"", StringComparison.Ordinal));
}
