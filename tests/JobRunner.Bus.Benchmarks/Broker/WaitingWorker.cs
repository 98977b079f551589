using System.Diagnostics;
using System.Runtime.InteropServices;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>
/// A host with a worker whose jobs fail at once, so that they wait for their second try. Weighs itself when it is told to continue
/// (SIGCONT): bytes in use after a collection.
/// </summary>
internal static class WaitingWorker
{
    public const string JobType = "fails";

    public static async Task RunAsync(string broker, string slots, string parkWaitsOver)
    {
        using var weigh = PosixSignalRegistration.Create(PosixSignal.SIGCONT, _ =>
        {
            Console.WriteLine($"weighs {GC.GetTotalMemory(forceFullCollection: true)}");
            Console.WriteLine("weighed");
        });
        await BenchWorker.RunAsync(
            broker,
            slots,
            builder =>
            {
                // As a worker that is told to say little: a line per failed try is other work.
                builder.Logging.SetMinimumLevel(LogLevel.Error);
                builder.Logging.AddFilter<TellsWhenAllAreTold>("JobRunner.Bus.Consumers.StopJobConsumer", LogLevel.Information);
                builder.Logging.AddProvider(new TellsWhenAllAreTold());
                builder.Services.AddJob<Fails>(JobType);
            },
            ("ParkWaitsOver", parkWaitsOver));
    }

    /// <summary>The worker's event 1110 says that all runs held here are told; none of them starts a try any more.</summary>
    private sealed class TellsWhenAllAreTold : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 1110)
            {
                Console.WriteLine($"told {Stopwatch.GetTimestamp()}");
            }
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
        }
    }

    private sealed class Fails : IJob
    {
        private static readonly Task<JobResult> Failed = Task.FromResult(JobResult.Fail("no"));

        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Failed;
    }
}
