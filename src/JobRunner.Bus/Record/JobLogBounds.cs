using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Record;

/// <summary>
/// What a job may put into its log. Built-in jobs keep less; a job of somebody's own may return anything, and a log that
/// the broker does not take would hold its run for ever.
/// </summary>
internal static class JobLogBounds
{
    /// <summary>Most UTF-8 bytes of stdout, stderr and error, each: what a Request Manager's database takes at most.</summary>
    public const int MaxBytes = 16 * 1024 * 1024;

    /// <summary>The log, with the middle of what is too long cut out and a marker in its place.</summary>
    public static JobLogRecorded Within(JobLogRecorded log) =>
        Fits(log.Stdout) && Fits(log.Stderr) && Fits(log.Error)
            ? log
            : log with
            {
                Stdout = Utf8Cut.Middle(log.Stdout, MaxBytes),
                Stderr = Utf8Cut.Middle(log.Stderr, MaxBytes),
                Error = Utf8Cut.Middle(log.Error, MaxBytes),
            };

    // A character takes three bytes at most (a surrogate pair four).
    private static bool Fits(string text) => text.Length <= MaxBytes / 3;
}
