using System.Diagnostics;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>A host with a worker whose jobs run until they are told to stop, and log when that was, by the machine's clock.</summary>
internal static class ToldWorker
{
    public const string JobType = "told";

    public static Task RunAsync(string broker) =>
        BenchWorker.RunAsync(broker, "256", builder => builder.Services.AddJob<TellsWhen>(JobType));

    private sealed class TellsWhen : IJob
    {
        public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
        {
            var told = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            await using (stopToken.Register(() => told.TrySetResult(Stopwatch.GetTimestamp())))
            {
                return JobResult.Stopped() with { Stdout = $"{await told.Task}" };
            }
        }
    }
}
