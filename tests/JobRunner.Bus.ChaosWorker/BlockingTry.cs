using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.ChaosWorker;

/// <summary>A job as it should not be written: it blocks the thread that it is run on, for 8 s, and does not listen.</summary>
internal sealed class BlockingTry : IJob
{
    public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        Thread.Sleep(TimeSpan.FromSeconds(8));
        return Task.FromResult(JobResult.Complete());
    }

    public Task StopAsync() => Task.CompletedTask;
}
