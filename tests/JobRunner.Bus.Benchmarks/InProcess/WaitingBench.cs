using System.Diagnostics;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Benchmarks.InProcess;

/// <summary>What a runner that waits between two tries weighs, its command included, and how soon all are stopped at once.</summary>
internal static class WaitingBench
{
    private const int Runners = 100_000;
    private const string Request = "bench000000000000000";

    public static async Task RunAsync()
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Error));
        services.AddRunners();
        services.AddJob<FailingJob>("noop");
        services.AddSingleton(new TrySlots(16));
        services.AddSingleton(new RunnerOptions());
        services.AddSingleton<IJobLogSink, NoLogs>();
        await using var provider = services.BuildServiceProvider();
        var factory = provider.GetRequiredService<RunnerFactory>();
        var repo = provider.GetRequiredService<RunnerRepo>();

        var runs = new List<Task<Return>>(Runners);
        var commands = new List<RunJob>(Runners);
        var before = Weight();
        for (var number = 0; number < Runners; number++)
        {
            // Read from its JSON, as it comes: what the message keeps alive counts.
            commands.Add(Wire.Deserialize<RunJob>(Broker.Load.Command(Request, $"{number:x5}")));
        }

        var perCommand = (double)(Weight() - before) / Runners;
        foreach (var command in commands)
        {
            var runner = factory.Make(command);
            repo.TryAdd(runner);
            runs.Add(runner.RunAsync());
        }

        await Eventually.HoldsAsync("all runners wait", () => repo.Items().All(runner => runner.Status().Sleeping), TimeSpan.FromMinutes(1));

        var perRunner = (double)(Weight() - before) / Runners;
        var start = Stopwatch.GetTimestamp();
        var stops = repo.Find(Request, null).Select(runner => runner.StopAsync()).ToList();
        await Task.WhenAll(stops);
        await Task.WhenAll(runs);
        var stopSeconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        if (runs.Any(run => run.Result.FinalState != JobState.Stopped))
        {
            throw new InvalidOperationException("a run was not stopped");
        }

        Console.WriteLine(JsonSerializer.Serialize(new { perRunner, perCommand, stopSeconds }));
    }

    public static async Task<double> MeasureAsync()
    {
        List<double> bytes = [], commands = [], stops = [];
        for (var round = 0; round < 3; round++)
        {
            var measured = JsonDocument.Parse(await Child.RunAsync("waiting-process")).RootElement;
            bytes.Add(measured.GetProperty("perRunner").GetDouble());
            commands.Add(measured.GetProperty("perCommand").GetDouble());
            stops.Add(measured.GetProperty("stopSeconds").GetDouble());
        }

        Console.WriteLine($"{Runners} runners that wait, in process");
        Statistics.Say("all stopped by one request's stop, s", stops);
        Statistics.Say("bytes of its command alone", commands, "f0");
        return Statistics.Say("bytes per runner, its command included", bytes, "f0");
    }

    private static long Weight() => GC.GetTotalMemory(forceFullCollection: true);

    private sealed class FailingJob : IJob
    {
        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Task.FromResult(JobResult.Fail("no"));
    }

    private sealed class NoLogs : IJobLogSink
    {
        public Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
