using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>From the publishing of a stop to the job being told, with three workers of which one has the job.</summary>
internal static class StopLatency
{
    private const int Workers = 3;

    /// <returns>The p99, milliseconds.</returns>
    public static async Task<double> MeasureAsync(RabbitMqNode node, int stops)
    {
        var broker = node.UriOf(await node.NewVirtualHostAsync());
        var workers = new List<Child>();
        try
        {
            for (var worker = 0; worker < Workers; worker++)
            {
                workers.Add(await Child.AgainAsync("told-worker", broker.ToString()));
            }

            await Task.Delay(TimeSpan.FromSeconds(2));
            await using var load = await Load.OpenAsync(broker);
            await StopAllAsync(load, "warm00000000000000up", 200);
            return Say(await StopAllAsync(load, "stop0000000000000000", stops));
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }
    }

    private static async Task<List<double>> StopAllAsync(Load load, string request, int count)
    {
        for (var number = 0; number < count; number++)
        {
            await load.SendAsync(Encoding.UTF8.GetBytes(
                $$"""{"requestId":"{{request}}","job":{"id":"{{Load.JobId(number)}}","type":"{{ToldWorker.JobType}}"},"jobData":{},"sentAt":"2026-11-24T10:00:00Z"}"""));
        }

        await Eventually.HoldsAsync("all jobs are taken", async () => await load.CountCommandsAsync() == 0, TimeSpan.FromMinutes(1));
        await Task.Delay(TimeSpan.FromSeconds(1));

        var sentAt = new long[count];
        List<double> took = [];
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var tag = await Consumers.ConsumeAsync(load.Channel, "job-log-recorded", autoAck: true, (_, body) =>
        {
            var log = JsonNode.Parse(body.Span)!;
            var told = long.Parse((string)log["stdout"]!, CultureInfo.InvariantCulture);
            took.Add(Stopwatch.GetElapsedTime(sentAt[Convert.ToInt32((string)log["jobId"]!, 16)], told).TotalMilliseconds);
            if (took.Count == count)
            {
                all.TrySetResult();
            }
        });
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        for (var number = 0; number < count; number++)
        {
            await timer.WaitForNextTickAsync();
            var stop = Encoding.UTF8.GetBytes($$"""{"requestId":"{{request}}","jobId":"{{Load.JobId(number)}}","sentAt":"2026-11-24T10:00:01Z"}""");
            sentAt[number] = Stopwatch.GetTimestamp();
            await load.Channel.BasicPublishAsync("stop-job", "", mandatory: true, stop);
        }

        await all.Task.WaitAsync(TimeSpan.FromMinutes(1));
        await load.Channel.BasicCancelAsync(tag);
        await load.Channel.QueuePurgeAsync(Load.Ends);
        return took;
    }

    private static double Say(List<double> took)
    {
        took.Sort();
        var p99 = Statistics.Percentile(took, 0.99);
        Console.WriteLine(
            $"Stop to job told, {Workers} workers, {took.Count} stops, ms: p50 {Statistics.Percentile(took, 0.5):f2}, p90 {Statistics.Percentile(took, 0.9):f2}, p99 {p99:f2}, most {took[^1]:f2}");
        return p99;
    }
}
