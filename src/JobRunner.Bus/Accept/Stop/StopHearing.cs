namespace JobRunner.Bus.Accept.Stop;

/// <summary>
/// Whether this worker hears the stops that are sent. No run starts while it does not: a stop that it has yet to read may be
/// meant for it. Safe for use by any thread.
/// </summary>
internal sealed class StopHearing
{
    private volatile TaskCompletionSource _hears = Heard();

    /// <summary>Completes at once while stops are heard, else when they are again, those of the meantime too.</summary>
    public Task HearsAsync(CancellationToken cancellationToken) => _hears.Task.WaitAsync(cancellationToken);

    /// <summary>From now on stops may be missed.</summary>
    public void Lost()
    {
        if (_hears.Task.IsCompleted)
        {
            _hears = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>All stops sent so far were read.</summary>
    public void CaughtUp() => _hears.TrySetResult();

    private static TaskCompletionSource Heard()
    {
        var heard = new TaskCompletionSource();
        heard.SetResult();
        return heard;
    }
}
