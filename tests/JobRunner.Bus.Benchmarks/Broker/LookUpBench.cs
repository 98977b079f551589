using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>
/// How long a worker that takes a run over looks for it in the journal: all of it is read, as where the command says no time. The entries are of
/// requests of 15, of which so many are under way at once.
/// </summary>
internal static class LookUpBench
{
    private const int OfOneRequest = 15;
    private const int AtOnce = 100;
    private const int LookUps = 7;

    private static readonly long[] Extrapolated = [1_000_000, 10_000_000, 100_000_000];

    /// <returns>The exit code: 1 where a look-up did not find what is there.</returns>
    public static async Task<int> RunAsync(bool quick)
    {
        Console.WriteLine($"{Environment.ProcessorCount} cores, RabbitMQ {await RabbitMqNode.VersionAsync()}, .NET {Environment.Version}, {(quick ? "quick" : "full")}");
        Console.WriteLine("| entries | arrived | look-up, median and range | processor time, worker + broker |");
        Console.WriteLine("| --- | --- | --- | --- |");
        try
        {
            await using var node = await RabbitMqNode.StartAsync();
            foreach (var (entries, window, arrived) in quick
                ? [(50_000, 500, "in bulk")]
                : new[] { (20_000, 1, "one by one"), (100_000, 500, "in bulk"), (400_000, 500, "in bulk") })
            {
                await MeasureAsync(node, entries, window, arrived);
            }
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine($"No figures: {error.Message}");
            return 1;
        }

        return 0;
    }

    private static async Task MeasureAsync(RabbitMqNode node, int entries, int window, string arrived)
    {
        var host = node.UriOf(await node.NewVirtualHostAsync());
        var requests = entries / OfOneRequest;
        await FillAsync(host, requests, window);
        List<double> took = [];
        var (own, beam) = (Environment.CpuUsage.TotalTime, BrokerTime.Used);
        for (var number = 0; number < LookUps; number++)
        {
            var watch = Stopwatch.StartNew();
            var found = await LookUpAsync(host, Request(requests * (number + 1) / (LookUps + 2)));
            took.Add(watch.Elapsed.TotalMilliseconds);
            if (found != OfOneRequest)
            {
                throw new InvalidOperationException($"{found} of {OfOneRequest} entries were found");
            }
        }

        var (ownEach, beamEach) = ((Environment.CpuUsage.TotalTime - own).TotalMilliseconds / LookUps, (BrokerTime.Used - beam).TotalMilliseconds / LookUps);
        took.Sort();
        var median = Statistics.Percentile(took, 0.5);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {entries:#,0} | {arrived} | {median:f0} ms, {took[0]:f0} to {took[^1]:f0} | {ownEach:f0} + {beamEach:f0} ms |"));
        if (window > 1)
        {
            Console.WriteLine("By that, of " + string.Join(", ", Extrapolated.Select(more => string.Create(CultureInfo.InvariantCulture, $"{more:#,0}: {median / entries * more / 1000:f1} s"))));
        }
    }

    private static string Request(int number) => $"request{number:d13}";

    private static async Task FillAsync(Uri host, int requests, int window)
    {
        await using var client = await PlainClient.ConnectAsync(host);
        await BrokerTopology.DeclareAsync(client.Channel, new WorkerOptions(), CancellationToken.None);
        // What delivers logs is not measured here.
        await client.Channel.QueueDeleteAsync(Names.JobLogRecorded);
        List<Task> sent = [];
        for (var first = 0; first < requests; first += AtOnce)
        {
            for (var number = 0; number < OfOneRequest * Math.Min(AtOnce, requests - first); number++)
            {
                var request = Request(first + (number % Math.Min(AtOnce, requests - first)));
                var log = Wire.Serialize(new JobLogRecorded
                {
                    RequestId = request,
                    JobId = "abcd",
                    Type = "bench",
                    Try = 1 + (number / AtOnce),
                    StartedAt = 17,
                    FinishedAt = 18,
                    State = JobState.Fail,
                    Stdout = "one\ntwo\n",
                });
                var properties = new BasicProperties { Headers = new Dictionary<string, object?> { [JournalFilter.ValueHeader] = request }, DeliveryMode = DeliveryModes.Persistent };
                sent.Add(client.Channel.BasicPublishAsync(Names.JobLogRecorded, "", mandatory: true, properties, log).AsTask());
                if (sent.Count >= window)
                {
                    await Task.WhenAll(sent);
                    sent.Clear();
                }
            }
        }

        await Task.WhenAll(sent);
    }

    /// <summary>By a worker that has read nothing yet.</summary>
    private static async Task<int> LookUpAsync(Uri host, string request)
    {
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        await using var link = new BrokerLink(
            Options.Create(new RabbitMqOptions { Uri = host.ToString() }), Options.Create(new WorkerOptions()), new WorkerName(), TimeProvider.System, NullLogger<BrokerLink>.Instance);
        using var journal = new BrokerJournal(link, new NoLeases(new RunClaims()), new UntilAccepted(TimeProvider.System, lifetime, NullLogger<UntilAccepted>.Instance), TimeProvider.System);
        return (await journal.ReadAsync(new RunnerKey(request, "abcd"), null, CancellationToken.None)).Count;
    }
}
