using System.Collections.Concurrent;
using JobRunner.Bus.Runs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Stops;

/// <summary>
/// Whether this worker hears the stops that are sent. No run starts while it does not: a stop that it has yet to read may be
/// meant for it. It knows that it has read them all when it reads a mark of its own, which it wrote to the end of the stream.
/// Safe for use by any thread.
/// </summary>
internal sealed class StopHearing(TimeProvider time, ILogger<StopHearing> logger)
{
    /// <summary>
    /// How long work waits for stops. A cluster can leave the readers of a stream without news for minutes after a node's restart
    /// (seen on RabbitMQ 3.10); then runs start, and a stop reaches them when it is heard.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _marks = new(StringComparer.Ordinal);

    // Heard from the start: on a bus without a stream there is nothing to catch up with.
    private volatile TaskCompletionSource _hears = Heard();

    /// <summary>Whether all stops sent so far were read; what is read before that may have been read by other workers long ago.</summary>
    public bool Hears => _hears.Task.IsCompleted;

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

    /// <summary>From now on stops may be missed.</summary>
    public void Lost()
    {
        if (Hears)
        {
            _hears = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>A new mark, and when it was read.</summary>
    public (string Mark, Task Seen) NewMark()
    {
        var mark = Guid.NewGuid().ToString("N");
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _marks[mark] = seen;
        return (mark, seen.Task);
    }

    /// <summary>A mark was read; those of other workers mean nothing here.</summary>
    /// <returns>Whether it was this worker's: stops are heard from here on.</returns>
    public bool Seen(string mark)
    {
        if (!_marks.TryRemove(mark, out var seen))
        {
            return false;
        }

        CaughtUp();
        seen.TrySetResult();
        return true;
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
