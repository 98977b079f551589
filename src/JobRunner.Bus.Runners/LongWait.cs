namespace JobRunner.Bus.Runners;

/// <summary>
/// Waits that may be longer than a timer holds, about 49 days: Go durations reach 292 years. None throws, and none is over early:
/// timers may fire within their millisecond.
/// </summary>
internal static class LongWait
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <summary>Waits until the time is over or the token fires; not at all for zero or less.</summary>
    public static async Task ForAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (!cancellationToken.IsCancellationRequested && Left(wait, began, time) is { } left)
        {
            await Task.Delay(left, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Waits until the task has ended or the time is over.</summary>
    public static async Task UntilAsync(Task task, TimeSpan limit, TimeProvider time)
    {
        var began = time.GetTimestamp();
        while (!task.IsCompleted && Left(limit, began, time) is { } left)
        {
            await task.WaitAsync(left, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static TimeSpan? Left(TimeSpan wait, long began, TimeProvider time) => (wait - time.GetElapsedTime(began)) switch
    {
        var left when left <= TimeSpan.Zero => null,
        var left when left < LongestTimer => TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)),
        _ => LongestTimer,
    };
}
