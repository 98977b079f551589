using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Jobs;

/// <summary>Does nothing and succeeds: a place holder for a job that is not written yet. Reads no bytes.</summary>
internal sealed class NoopJob : IJob
{
    private static readonly Task<JobResult> Done = Task.FromResult(JobResult.Complete());

    public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
    {
        context.ReportStatus("nop");
        return Done;
    }
}
