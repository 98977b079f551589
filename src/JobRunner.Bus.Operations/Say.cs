using System.Globalization;
using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Operations.Repair;

namespace JobRunner.Bus.Operations;

/// <summary>How things are said to people: durations, tries, names, errors. Text of users is made harmless here.</summary>
internal static class Say
{
    private const int ShortLength = 80;

    /// <summary>A length of time, as short as it can be told: 0.12s, 12.3s, 3m05s, 2h07m.</summary>
    public static string Length(TimeSpan length) => length switch
    {
        { Ticks: < 0 } => "0.00s",
        { TotalSeconds: < 9.995 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds:0.00}s"),
        { TotalSeconds: < 59.95 } => string.Create(CultureInfo.InvariantCulture, $"{length.TotalSeconds:0.0}s"),
        { TotalSeconds: < 60 } => "1m00s",
        { TotalHours: < 1 } => string.Create(CultureInfo.InvariantCulture, $"{length.Minutes}m{length.Seconds:00}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(length.TotalHours):0}h{length.Minutes:00}m"),
    };

    /// <summary>The instant of a Unix time in nanoseconds.</summary>
    public static DateTimeOffset Instant(long unixNanoseconds) => DateTimeOffset.UnixEpoch.AddTicks(unixNanoseconds / 100);

    /// <summary>A job, by name and id.</summary>
    public static string Job(string name, string id) =>
        string.IsNullOrWhiteSpace(name) ? OneLine(id) : $"{OneLine(name)} ({OneLine(id)})";

    /// <summary>A try without its number: state, exit code if not 0, how long it took, the error.</summary>
    public static string Try(JobLogRecorded log)
    {
        var text = new StringBuilder(log.State.ToSeedName());
        if (log.Exit != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" exit {log.Exit}");
        }

        if (log.StartedAt > 0)
        {
            text.Append(' ').Append(Length(Instant(log.FinishedAt) - Instant(log.StartedAt)));
        }

        if (log.Error.Length > 0)
        {
            text.Append(": ").Append(Short(log.Error));
        }

        return text.ToString();
    }

    /// <summary>How many messages met which end, such as "2 sent back, 1 kept"; nothing where there were none.</summary>
    public static string Outcomes(RepairTally tally, bool dryRun)
    {
        var would = dryRun ? "would be " : "";
        (RepairKind Kind, string What)[] ends =
        [
            (RepairKind.SentBack, $"{would}sent back"),
            (RepairKind.Dropped, $"{would}dropped"),
            (RepairKind.Discarded, $"{would}discarded"),
            (RepairKind.Kept, dryRun ? "would stay" : "kept"),
        ];
        return string.Join(", ", ends.Select(end => (Count: tally.Of(end.Kind), end.What)).Where(end => end.Count > 0).Select(end => $"{end.Count} {end.What}"));
    }

    /// <summary>The first line of a text, cut to a length that fits a table.</summary>
    public static string Short(string text)
    {
        var line = OneLine(text.Trim().Split('\n', 2)[0]);
        return line.Length <= ShortLength ? line : $"{line[..(ShortLength - 1)]}…";
    }

    /// <summary>The text on one line, without characters that move the cursor or turn the reading direction.</summary>
    public static string OneLine(string text) => Clean(text, keepLines: false);

    /// <summary>The text line by line, without characters that move the cursor or turn the reading direction.</summary>
    public static string Lines(string text) => Clean(text, keepLines: true);

    private static string Clean(string text, bool keepLines) =>
        text.Any(letter => IsHarmful(letter, keepLines))
            ? string.Create(text.Length, (text, keepLines), static (target, source) =>
            {
                for (var i = 0; i < target.Length; i++)
                {
                    target[i] = IsHarmful(source.text[i], source.keepLines) ? ' ' : source.text[i];
                }
            })
            : text;

    private static bool IsHarmful(char letter, bool keepLines) =>
        (char.IsControl(letter) && !(keepLines && letter is '\n' or '\t'))
        || letter is >= '\u202A' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\u2028' or '\u2029';
}
