namespace JobRunner.Bus.Runners;

/// <summary>The wait of one run for its next try, and all that is kept of the try before. However it ends, the run goes on once.</summary>
/// <param name="runner">The run.</param>
/// <param name="status">What its job said last.</param>
internal sealed class RetryWait(Runner runner, string status) : DueEntry, IThreadPoolWorkItem
{
    /// <summary>The job's own status text.</summary>
    public string Status => status;

    /// <summary>Off the thread of the timer, or of who stops many at once: the next try is on it.</summary>
    public override void Due() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => runner.GoOn();
}
