using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Dashboard.Watch;

/// <summary>A run that ended in FAIL.</summary>
internal sealed record FailedRun(DateTimeOffset At, string RequestId, string JobId, long Tries);

/// <summary>Counts the runs that failed, by the minute for an hour, and remembers the last few. Not safe for several threads.</summary>
internal sealed class Failures(TimeProvider time)
{
    private const int Minutes = 60;
    private const int Remembered = 10;

    private readonly long[] _counts = new long[Minutes];
    private readonly Queue<FailedRun> _latest = new();
    private long _minute = MinuteOf(time.GetUtcNow());

    /// <summary>The last ones, newest first.</summary>
    public IReadOnlyList<FailedRun> Latest => [.. _latest.Reverse()];

    /// <summary>How many there were in the last hour.</summary>
    public long Count()
    {
        Advance();
        return _counts.Sum();
    }

    /// <summary>Takes the end of a run.</summary>
    public void Add(JobFinished end)
    {
        if (end.FinalState is JobState.Complete or JobState.Stopped)
        {
            return;
        }

        Advance();
        _counts[_minute % Minutes]++;
        _latest.Enqueue(new FailedRun(time.GetUtcNow(), end.RequestId, end.JobId, end.Tries));
        if (_latest.Count > Remembered)
        {
            _latest.Dequeue();
        }
    }

    private void Advance()
    {
        var now = MinuteOf(time.GetUtcNow());
        for (var minute = Math.Max(_minute + 1, now - Minutes + 1); minute <= now; minute++)
        {
            _counts[minute % Minutes] = 0;
        }

        _minute = Math.Max(_minute, now);
    }

    private static long MinuteOf(DateTimeOffset time) => time.ToUnixTimeSeconds() / 60;
}
