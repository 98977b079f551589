namespace JobRunner.Bus.TestKit;

/// <summary>Waits for a condition with a deadline.</summary>
public static class Eventually
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not in time; says what was waited for.</exception>
    public static Task HoldsAsync(string what, Func<bool> condition, TimeSpan? within = null) =>
        HoldsAsync(() => what, () => Task.FromResult(condition()), within);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not in time; says what was waited for.</exception>
    public static Task HoldsAsync(Func<string> what, Func<bool> condition, TimeSpan? within = null) =>
        HoldsAsync(what, () => Task.FromResult(condition()), within);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not in time; says what was waited for.</exception>
    public static Task HoldsAsync(string what, Func<Task<bool>> condition, TimeSpan? within = null) =>
        HoldsAsync(() => what, condition, within);

    /// <summary>Waits until <paramref name="condition"/> holds.</summary>
    /// <exception cref="TimeoutException">It did not in time; says what was waited for.</exception>
    public static async Task HoldsAsync(Func<string> what, Func<Task<bool>> condition, TimeSpan? within = null)
    {
        ArgumentNullException.ThrowIfNull(what);
        ArgumentNullException.ThrowIfNull(condition);
        using var deadline = new CancellationTokenSource(within ?? TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(Poll);
        while (!await condition())
        {
            try
            {
                await timer.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"did not happen in time: {what()}");
            }
        }
    }
}
