using JobRunner.Bus.Runs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Stops;

/// <summary>
/// Whether this worker hears the stops that are sent. No run starts while it does not: a stop that it has yet to read may be
/// meant for it. Safe for use by any thread.
/// </summary>
internal sealed class StopHearing(TimeProvider time, ILogger<StopHearing> logger)
{
    /// <summary>
    /// How long work waits for stops. A cluster can leave the readers of a stream without news for minutes after a node's restart
    /// (seen on RabbitMQ 3.10); then runs start, and a stop reaches them when it is heard.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private volatile TaskCompletionSource _hears = Heard();

    /// <summary>Completes at once while stops are heard, else when they are again, those of the meantime too.</summary>
    public Task HearsAsync(CancellationToken cancellationToken) =>
        _hears.Task.IsCompleted ? Task.CompletedTask : WaitAsync(_hears.Task, cancellationToken);

    /// <summary>Waits for what brings the stops back, but not for ever.</summary>
    public async Task WaitAsync(Task heard, CancellationToken cancellationToken)
    {
        try
        {
            await heard.WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            AcceptLog.StopsNotHeard(logger, Patience);
        }
    }

    /// <summary>Whether stops are heard now.</summary>
    public bool Hears => _hears.Task.IsCompleted;

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
