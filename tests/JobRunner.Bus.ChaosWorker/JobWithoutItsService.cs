using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.ChaosWorker;

/// <summary>A job that asks for a service which nobody registers.</summary>
/// <param name="service">Never there.</param>
internal sealed class JobWithoutItsService(Uri service) : IJob
{
    public void Deserialize(ReadOnlySpan<byte> bytes)
    {
    }

    public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Task.FromResult(JobResult.Complete($"{service}"));
}
