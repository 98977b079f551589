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

    private const int SmallestCut = 64;

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

    /// <summary>The log with its outputs cut so that its body has at most this many bytes; <see langword="null"/> where they are not at fault.</summary>
    public static JobLogRecorded? ToFit(JobLogRecorded log, long limit)
    {
        var rest = Wire.Serialize(log with { Stdout = "", Stderr = "", Error = "" }).Length;
        // What JSON escapes takes up to six times its bytes: how much must go is found by trying.
        for (var most = (int)Math.Min(limit - rest, MaxBytes); most >= SmallestCut; most = most / 10 * 9)
        {
            var cut = log with
            {
                Stdout = Utf8Cut.Middle(log.Stdout, most),
                Stderr = Utf8Cut.Middle(log.Stderr, most),
                Error = Utf8Cut.Middle(log.Error, most),
            };
            if (Wire.Serialize(cut).Length <= limit)
            {
                return cut;
            }
        }

        return null;
    }

    // A character takes three bytes at most (a surrogate pair four).
    private static bool Fits(string text) => text.Length <= MaxBytes / 3;
}
