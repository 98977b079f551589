namespace JobRunner.Bus.Leases;

/// <summary>A stretch of time in which this worker hears what others say.</summary>
internal sealed class Listening
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it hears them no more.</summary>
    public Task Ended => _ended.Task;

    public void End() => _ended.TrySetResult();
}
