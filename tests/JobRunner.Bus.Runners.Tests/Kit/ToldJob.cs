namespace JobRunner.Bus.Runners.Tests.Kit;

/// <summary>
/// The stop of a job that returns only when both limits of a stop are set, the job's and its stop's: a test that counted
/// one timer could not tell which it was.
/// </summary>
internal sealed class ToldJob
{
    private readonly TaskCompletionSource _returns = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Stop() => _returns.Task;

    public async Task OnlyTheJobItselfIsWaitedFor(WatchedTime time)
    {
        await Wait.Until(() => time.Timers == 2, "both limits are set");
        _returns.SetResult();
        await Wait.Until(() => time.Timers == 1, "its stop has returned");
    }
}
