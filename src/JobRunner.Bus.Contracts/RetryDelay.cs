namespace JobRunner.Bus.Contracts;

/// <summary>
/// How long a run waits between two tries. Pure arithmetic on the command: whoever goes on with a run, be it after a wait in the broker
/// or after the death of its worker, comes to the same wait.
/// </summary>
public static class RetryDelay
{
    /// <summary>Largest <see cref="Job.RetryBackoff"/>.</summary>
    public const double MaxBackoff = 1000;

    /// <summary>
    /// The wait before the next try: <see cref="Job.RetryWait"/>, times <see cref="Job.RetryBackoff"/> for each try of the sequence after
    /// the first, at most <see cref="Job.RetryWaitMax"/>, less a share of up to <see cref="Job.RetryJitter"/>.
    /// </summary>
    /// <param name="next">The command with the counters of its next try. It keeps the <see cref="RunJobRules"/>.</param>
    /// <returns>Zero or more; at most about 292 years, whatever the numbers.</returns>
    public static TimeSpan Before(RunJob next)
    {
        ArgumentNullException.ThrowIfNull(next);
        var full = Capped(Grown(GoDuration.Parse(next.Job.RetryWait).Nanoseconds, next.Job.RetryBackoff ?? 1, next.PrevTries), next.Job.RetryWaitMax);
        var less = (next.Job.RetryJitter ?? 0) * Chance(next.RequestId, next.Job.Id, next.TotalTries);
        return new GoDuration(full - Math.Min(full, (long)(full * less))).ToTimeSpan();
    }

    private static long Grown(long first, double backoff, long triesBefore)
    {
        // Not by way of a double, which would round a wait that does not grow.
        if (backoff <= 1 || triesBefore <= 1 || first <= 0)
        {
            return Math.Max(first, 0);
        }

        var grown = first * Math.Pow(backoff, triesBefore - 1);
        return grown < long.MaxValue ? (long)grown : long.MaxValue;
    }

    private static long Capped(long wait, string? max) =>
        string.IsNullOrEmpty(max) ? wait : Math.Min(wait, GoDuration.Parse(max).Nanoseconds);

    /// <summary>From 0 up to 1, evenly spread over jobs and tries, and always the same for one try of one job.</summary>
    private static double Chance(string requestId, string jobId, long totalTries)
    {
        // FNV-1a, then SplitMix64's last steps: neighbours such as try 1 and 2 are to lie far apart.
        var hash = 0xCBF29CE484222325;
        foreach (var part in (ReadOnlySpan<string>)[requestId, "/", jobId])
        {
            foreach (var character in part)
            {
                hash = unchecked((hash ^ character) * 0x100000001B3);
            }
        }

        hash = unchecked(hash + ((ulong)totalTries * 0x9E3779B97F4A7C15));
        hash = unchecked((hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9);
        hash = unchecked((hash ^ (hash >> 27)) * 0x94D049BB133111EB);
        return ((hash ^ (hash >> 31)) >> 11) * (1.0 / (1UL << 53));
    }
}
