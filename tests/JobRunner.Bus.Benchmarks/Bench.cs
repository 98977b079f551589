using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.Benchmarks.InProcess;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks;

/// <summary>All figures, then one line of JSON. With words after the options only those parts: throughput latency runner waiting stop startup.</summary>
internal static class Bench
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var quick = arguments.Contains("--quick");
        var only = arguments.Where(argument => !argument.StartsWith('-')).ToHashSet(StringComparer.Ordinal);
        var figures = new Dictionary<string, double>();
        var watch = Stopwatch.StartNew();
        Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, {(quick ? "quick" : "full")}");
        try
        {
            await using var node = await RabbitMqNode.StartAsync();
            if (Wanted("startup"))
            {
                (figures["startup_ms"], figures["idle_rss_mb"]) = await Startup.MeasureAsync(node, quick ? 5 : 9, TimeSpan.FromSeconds(quick ? 3 : 10));
            }

            if (Wanted("stop"))
            {
                figures["stop_p99_ms"] = await StopLatency.MeasureAsync(node, 500);
            }

            if (Wanted("throughput") || Wanted("latency"))
            {
                await using var rivals = await Rivals.StartAsync(node, 20_000);
                if (Wanted("latency"))
                {
                    (figures["latency_p50_ratio"], figures["latency_p99_ratio"]) =
                        await Latency.MeasureAsync(rivals, quick ? 5 : 9, TimeSpan.FromSeconds(quick ? 3 : 10));
                }

                if (Wanted("throughput"))
                {
                    figures["throughput_ratio"] = await Throughput.MeasureAsync(rivals, quick ? 7 : 9, quick ? 10_000 : 20_000);
                }
            }

            if (Wanted("runner"))
            {
                (figures["runner_jobs_per_s"], figures["runner_alloc_bytes"]) = await RunnerBench.MeasureAsync();
            }

            if (Wanted("waiting"))
            {
                figures["waiting_bytes_per_runner"] = await WaitingBench.MeasureAsync();
                Console.WriteLine("Runs that wait, one worker, through the broker");
                (figures["waiting_stop_s"], figures["parked_stop_s"]) = await WaitingRuns.MeasureAsync(node);
            }
        }
        catch (InvalidOperationException error)
        {
            Console.Error.WriteLine($"No figures: {error.Message}");
            return 1;
        }

        Console.WriteLine($"{watch.Elapsed.TotalSeconds:f0} s");
        string[] order =
        [
            "throughput_ratio", "latency_p50_ratio", "latency_p99_ratio", "runner_jobs_per_s", "runner_alloc_bytes", "waiting_bytes_per_runner",
            "waiting_stop_s", "parked_stop_s",
            "stop_p99_ms", "startup_ms", "idle_rss_mb",
        ];
        Console.WriteLine(
            "{" + string.Join(',', order.Where(figures.ContainsKey).Select(name => $"\"{name}\":{figures[name].ToString("0.###", CultureInfo.InvariantCulture)}")) + "}");
        return 0;

        bool Wanted(string part) => only.Count == 0 || only.Contains(part);
    }
}
