using System.Diagnostics;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Jobs;
using JobRunner.Bus.Runners;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Benchmarks.InProcess;

/// <summary>
/// Runs of a no-op job on one core: a runner made from its command, put into the repo, run with all a run has (slot, stop,
/// data, log), its log kept in memory, taken out and disposed of. Commands are read from JSON before.
/// </summary>
internal static class RunnerBench
{
    private const int Runs = 200_000;

    public static async Task RunAsync()
    {
        // One core for all threads of the process: no help from the other one.
        Process.GetCurrentProcess().ProcessorAffinity = 1;
        await Task.Yield();
        await using var services = Services().BuildServiceProvider();
        var factory = services.GetRequiredService<RunnerFactory>();
        var repo = services.GetRequiredService<RunnerRepo>();
        var commands = Enumerable.Range(0, 1000).Select(number => Wire.Deserialize<RunJob>(Broker.Load.Command("bench000000000000000", $"{number:x5}"))).ToArray();
        var (rates, bytes) = (new List<double>(), new List<double>());
        for (var round = 0; round < 8; round++)
        {
            var sink = services.GetRequiredService<KeptLogs>();
            sink.Clear();
            var allocated = GC.GetTotalAllocatedBytes(precise: true);
            var start = Stopwatch.GetTimestamp();
            for (var run = 0; run < Runs; run++)
            {
                var runner = factory.Make(commands[run % commands.Length]);
                if (!repo.TryAdd(runner))
                {
                    throw new InvalidOperationException("the key is taken");
                }

                var result = await runner.RunAsync();
                repo.Remove(runner);
                await runner.DisposeAsync();
                if (result.FinalState != JobState.Complete)
                {
                    throw new InvalidOperationException($"a run ended {result.FinalState}");
                }
            }

            var took = Stopwatch.GetElapsedTime(start);
            if (sink.Count != Runs)
            {
                throw new InvalidOperationException($"{sink.Count} logs of {Runs} runs");
            }

            // The first ones measure the compiler.
            if (round >= 3)
            {
                rates.Add(Runs / took.TotalSeconds);
                bytes.Add((double)(GC.GetTotalAllocatedBytes(precise: true) - allocated) / Runs);
            }
        }

        Console.WriteLine(JsonSerializer.Serialize(new { rates, bytes }));
    }

    /// <summary>What a worker runs jobs with, and a log that takes no line, as at level Warning.</summary>
    private static ServiceCollection Services()
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().Build());
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning));
        services.AddRunners();
        services.AddBuiltInJobs();
        services.AddSingleton(new TrySlots(128));
        services.AddSingleton(new RunnerOptions { ParkWaitsOver = TimeSpan.FromSeconds(1) });
        services.AddSingleton<KeptLogs>();
        services.AddSingleton<IJobLogSink>(provider => provider.GetRequiredService<KeptLogs>());
        return services;
    }

    public static async Task<(double JobsPerSecond, double AllocatedBytes)> MeasureAsync()
    {
        var measured = JsonDocument.Parse(await Child.RunAsync("runner-process")).RootElement;
        Console.WriteLine($"Runner in process, one core, {Runs} no-op runs at a time");
        return (
            Statistics.Say("jobs/s", [.. measured.GetProperty("rates").EnumerateArray().Select(value => value.GetDouble())], "f0"),
            Statistics.Say("bytes allocated per job", [.. measured.GetProperty("bytes").EnumerateArray().Select(value => value.GetDouble())], "f0"));
    }

    /// <summary>Logs in memory.</summary>
    private sealed class KeptLogs : IJobLogSink
    {
        private readonly JobLogRecorded[] _logs = new JobLogRecorded[Runs];

        public int Count { get; private set; }

        public void Clear()
        {
            Count = 0;
            Array.Clear(_logs);
        }

        public Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken)
        {
            _logs[Count++] = log;
            return Task.CompletedTask;
        }
    }
}
