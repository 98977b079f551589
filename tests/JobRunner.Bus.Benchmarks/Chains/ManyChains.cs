using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;
using Npgsql;

namespace JobRunner.Bus.Benchmarks.Chains;

/// <summary>Many chains that run at once: how soon they are taken in, what the store weighs, and how long one event takes then.</summary>
internal static class ManyChains
{
    private const int Events = 1_000;

    public static async Task MeasureAsync(RabbitMqNode node, PostgreSqlServer server, int jobs, int chains, Dictionary<string, double> figures)
    {
        await using var stage = await Stage.OpenAsync(node, server, 3);

        // Nobody runs their jobs.
        await stage.Worker.TerminateAsync();
        await EventsAsync(stage, jobs, "few");
        var watch = Stopwatch.StartNew();
        for (var sent = 0; sent < chains; sent += 1_000)
        {
            await stage.Load.SendAsync("run-chain", Enumerable.Range(0, 1_000).Select(_ => Shapes.Line(ChainsBench.NewId(), jobs)));
        }

        await Eventually.HoldsAsync("all chains run", async () => await stage.Load.Channel.MessageCountAsync("run-job") >= chains, TimeSpan.FromMinutes(30));
        figures["many_taken_in_per_s"] = chains / watch.Elapsed.TotalSeconds;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{chains:#,0} chains of {jobs} jobs taken in within {watch.Elapsed.TotalSeconds:f0} s"));
        await using (var connection = new NpgsqlConnection(stage.Database))
        {
            await connection.OpenAsync();
            await using var size = new NpgsqlCommand("SELECT pg_database_size(current_database())", connection);
            figures["many_store_mb"] = (long)(await size.ExecuteScalarAsync())! / 1e6;
        }

        figures["many_rss_mb"] = stage.Instances.Average(instance => instance.ResidentBytes) / 1e6;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"The store has {figures["many_store_mb"]:f0} MB, an instance {figures["many_rss_mb"]:f0} MB"));
        (figures["many_event_p50_ms"], figures["many_event_p99_ms"]) = await EventsAsync(stage, jobs, "many");
    }

    /// <summary>From the end of a job sent to the command of the next job heard, one after the other, each of another chain.</summary>
    private static async Task<(double P50, double P99)> EventsAsync(Stage stage, int jobs, string what)
    {
        var channel = stage.Load.Channel;
        if (what == "few")
        {
            await stage.Load.SendAsync("run-chain", Enumerable.Range(0, Events).Select(_ => Shapes.Line(ChainsBench.NewId(), jobs)));
            await Eventually.HoldsAsync("the chains run", async () => await channel.MessageCountAsync("run-job") >= Events, TimeSpan.FromMinutes(1));
        }

        var heard = new SemaphoreSlim(0);
        var tag = await Broker.Consumers.ConsumeAsync(channel, await stage.Load.HearAsync("run-job"), autoAck: true, (_, _) => heard.Release());
        List<double> took = [];
        for (var i = 0; i < Events; i++)
        {
            var command = JsonNode.Parse((await channel.BasicGetAsync("run-job", autoAck: true))!.Body.Span)!;
            var end = Encoding.UTF8.GetBytes(new JsonObject
            {
                ["requestId"] = (string)command["requestId"]!,
                ["jobId"] = (string)command["job"]!["id"]!,
                ["finalState"] = 3,
                ["tries"] = 1,
                ["prevTries"] = 1,
                ["totalTries"] = 1,
                ["jobData"] = new JsonObject(),
            }.ToJsonString());
            var sent = Stopwatch.GetTimestamp();
            await stage.Load.SendAsync("job-finished", [end]);
            if (!await heard.WaitAsync(TimeSpan.FromSeconds(30)))
            {
                throw new InvalidOperationException("the next job of a chain did not start");
            }

            took.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        await channel.BasicCancelAsync(tag);
        took.Sort();
        var (p50, p99) = (Statistics.Percentile(took, 0.5), Statistics.Percentile(took, 0.99));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"One event, from the end of a job to the command of the next, {what} chains running: p50 {p50:f2} ms, p99 {p99:f2} ms"));
        return (p50, p99);
    }
}
