using System.Globalization;
using JobRunner.Bus.Contracts;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Job logs for people: a table of tries, or each try with its output.</summary>
internal static class LogListing
{
    /// <summary>A row for each try, or a line where there is no room for a table.</summary>
    public static void Write(Screen screen, IReadOnlyList<JobLogRecorded> logs, TimeZoneInfo zone)
    {
        if (!screen.IsTooNarrowForTables)
        {
            screen.Write(Draw(screen, logs, zone));
            return;
        }

        foreach (var log in logs)
        {
            screen.Write(new Text($"{Line(log, zone)}\n"));
        }
    }

    private static Table Draw(Screen screen, IReadOnlyList<JobLogRecorded> logs, TimeZoneInfo zone)
    {
        var table = screen.NewTable("JOB", "ID", "TYPE", "TRY", "STATE", "EXIT", "STARTED", "TOOK", "STDOUT", "STDERR", "ERROR");
        foreach (var log in logs)
        {
            table.AddRow(
                new Text(Say.OneLine(log.Name)),
                new Text(Say.OneLine(log.JobId)),
                new Text(Say.OneLine(log.Type)),
                new Text(log.Try.ToString(CultureInfo.InvariantCulture)),
                new Text(log.State.ToSeedName(), StateStyle.Of(log.State)),
                new Text(log.Exit.ToString(CultureInfo.InvariantCulture)),
                new Text(Started(log, zone)),
                new Text(Took(log)),
                new Text(Size(log.Stdout)),
                new Text(Size(log.Stderr)),
                new Text(Say.Short(log.Error)));
        }

        return table;
    }

    /// <summary>Each try with its error and output, in full. Control characters are left out: output may hold anything.</summary>
    public static void WriteFull(TextWriter output, IReadOnlyList<JobLogRecorded> logs, TimeZoneInfo zone)
    {
        foreach (var log in logs)
        {
            output.WriteLine(
                $"=== {Say.Job(log.Name, log.JobId)} try {log.Try} {log.State.ToSeedName()} exit {log.Exit}, "
                + $"started {Started(log, zone)}, took {Took(log)}");
            Section(output, "error", log.Error);
            Section(output, "stdout", log.Stdout);
            Section(output, "stderr", log.Stderr);
        }
    }

    /// <summary>A try on one line, for logs that are followed.</summary>
    public static string Line(JobLogRecorded log, TimeZoneInfo zone) =>
        $"{Started(log, zone)} {Say.Job(log.Name, log.JobId)} try {log.Try} {Say.Try(log)}";

    private static void Section(TextWriter output, string name, string text)
    {
        if (text.Length > 0)
        {
            output.WriteLine($"--- {name}");
            output.WriteLine(Say.Lines(text).TrimEnd('\n'));
        }
    }

    private static string Started(JobLogRecorded log, TimeZoneInfo zone) => log.StartedAt > 0
        ? TimeZoneInfo.ConvertTime(Say.Instant(log.StartedAt), zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
        : "never";

    private static string Took(JobLogRecorded log) =>
        log.StartedAt > 0 ? Say.Length(Say.Instant(log.FinishedAt) - Say.Instant(log.StartedAt)) : "-";

    private static string Size(string text) => text.Length switch
    {
        0 => "-",
        < 10_000 => $"{text.Length} chars",
        < 10_000_000 => $"{text.Length / 1_000} K",
        _ => $"{text.Length / 1_000_000} M",
    };
}
