using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>
/// What a run costs in memory does not creep up unseen. Limits are a third above what was measured (docs/performance.md), and no
/// clock is asked.
/// </summary>
public sealed class AllocationTests
{
    private const int Runs = 2_000;

    [Fact]
    public async Task A_run_of_a_job_that_does_nothing_allocates_little()
    {
        var runners = new RunnerFactory(new OneNoop(), new NoLogs(), new TrySlots(4), new RunnerOptions(), TimeProvider.System, NullLogger<Runner>.Instance);
        var command = new RunJob { RequestId = "r", Job = new Job { Id = "j", Type = "t", Retry = 2, RetryWait = "5s" }, JobData = new() { ["k"] = "v" } };
        await RunAsync();

        var before = GC.GetTotalAllocatedBytes(precise: true);
        await RunAsync();

        // Other tests run at the same time: the least of several rounds is this one's own.
        var perRun = (GC.GetTotalAllocatedBytes(precise: true) - before) / Runs;
        for (var round = 0; round < 20 && perRun > 1_900; round++)
        {
            before = GC.GetTotalAllocatedBytes(precise: true);
            await RunAsync();
            perRun = Math.Min(perRun, (GC.GetTotalAllocatedBytes(precise: true) - before) / Runs);
        }

        Assert.InRange(perRun, 1, 1_900);

        async Task RunAsync()
        {
            for (var run = 0; run < Runs; run++)
            {
                await using var runner = runners.Make(command);
                await runner.RunAsync();
            }
        }
    }

    private sealed class OneNoop : IJobFactory, IJob
    {
        private static readonly Task<JobResult> Done = Task.FromResult(JobResult.Complete());

        public MadeJob Make(Job job) => new(this, null);

        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Done;
    }

    private sealed class NoLogs : IJobLogSink
    {
        public Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
