using System.Collections.Concurrent;

namespace JobRunner.Bus.Stops;

/// <summary>
/// How a starting worker knows that it has read all stops: it writes a mark of its own to the end of the stream and waits
/// until it reads it.
/// </summary>
internal sealed class CaughtUpMarks
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _marks = new(StringComparer.Ordinal);

    private volatile bool _catchingUp;

    /// <summary>Whether what is read now may have been read by other workers long ago.</summary>
    public bool CatchingUp => _catchingUp;

    /// <summary>To be called before the first stop is read.</summary>
    public void Begin() => _catchingUp = true;

    /// <summary>A new mark, and when it was read.</summary>
    public (string Mark, Task Seen) New()
    {
        var mark = Guid.NewGuid().ToString("N");
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _marks[mark] = seen;
        return (mark, seen.Task);
    }

    /// <summary>A mark was read; those of other workers mean nothing here.</summary>
    /// <returns>Whether it was this worker's.</returns>
    public bool Seen(string mark)
    {
        if (_marks.TryRemove(mark, out var seen))
        {
            _catchingUp = false;
            seen.TrySetResult();
            return true;
        }

        return false;
    }
}
