using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Leases;

/// <summary>This worker's claim to a run that may live elsewhere.</summary>
internal sealed class RunClaim(RunnerKey job, Action<RunClaim> release) : IDisposable
{
    private readonly TaskCompletionSource _yielded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The lower of two claims wins.</summary>
    public string Id { get; } = Guid.NewGuid().ToString("N");

    public RunnerKey Job => job;

    /// <summary>Completes when another worker turned out to run the job, or to have the better claim.</summary>
    public Task Yielded => _yielded.Task;

    public void Yield() => _yielded.TrySetResult();

    public void Dispose() => release(this);
}
