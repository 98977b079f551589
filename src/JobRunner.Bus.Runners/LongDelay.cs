namespace JobRunner.Bus.Runners;

/// <summary>Waits that may be longer than a timer holds, about 49 days: Go durations reach 292 years.</summary>
internal static class LongDelay
{
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    /// <summary>Waits; not at all for zero or less.</summary>
    /// <exception cref="OperationCanceledException">The token fired first.</exception>
    public static async Task WaitAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var left = wait; left > TimeSpan.Zero; left -= LongestTimer)
        {
            await Task.Delay(left < LongestTimer ? left : LongestTimer, time, cancellationToken);
        }
    }

    /// <summary>Waits, or returns early when the token fires: thousands of waits that are stopped at once throw nothing.</summary>
    public static async Task WaitQuietlyAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
    {
        for (var left = wait; left > TimeSpan.Zero && !cancellationToken.IsCancellationRequested; left -= LongestTimer)
        {
            await Task.Delay(left < LongestTimer ? left : LongestTimer, time, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
