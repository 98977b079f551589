using System.Globalization;
using System.Text;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Messages of the error queues for people: a table, or each with its headers and body.</summary>
internal static class ErrorListing
{
    /// <summary>One row per message.</summary>
    public static Table Draw(Screen screen, IReadOnlyList<ErrorMessage> messages, TimeZoneInfo zone)
    {
        var table = screen.NewTable("QUEUE", "REQUEST", "JOB ID", "TRY", "FAILED", "REASON");
        foreach (var message in messages)
        {
            table.AddRow(
                new Text(Names.ErrorQueue(message.Queue)),
                new Text(Known(message.RequestId)),
                new Text(Known(message.JobId)),
                new Text(message.Try?.ToString(CultureInfo.InvariantCulture) ?? "?"),
                new Text(Failed(message, zone)),
                new Text(screen.Terminal is null ? Say.OneLine(message.Reason) : Say.Short(message.Reason)));
        }

        return table;
    }

    /// <summary>Each message with all its headers and its body. Characters that move the cursor are left out.</summary>
    public static void WriteFull(TextWriter output, IReadOnlyList<ErrorMessage> messages, TimeZoneInfo zone)
    {
        foreach (var message in messages)
        {
            output.WriteLine(
                $"=== {Names.ErrorQueue(message.Queue)}: {Name(message)}, failed {Failed(message, zone)}, {message.BodyBytes} bytes");
            output.WriteLine($"--- reason\n{Say.Lines(message.Reason)}");
            output.WriteLine("--- headers");
            foreach (var (name, value) in (message.Properties.Headers ?? new Dictionary<string, object?>()).OrderBy(header => header.Key, StringComparer.Ordinal))
            {
                output.WriteLine($"{Say.OneLine(name)}: {Say.Lines(HeaderText.Of(value))}");
            }

            output.WriteLine("--- body");
            output.WriteLine(Say.Lines(Encoding.UTF8.GetString(message.Body.Span)).TrimEnd('\n'));
        }
    }

    /// <summary>What became of a message, on one line.</summary>
    public static string Line(RepairOutcome outcome, bool dryRun)
    {
        var done = (outcome.Kind, dryRun) switch
        {
            (RepairKind.SentBack, false) => "sent back",
            (RepairKind.SentBack, true) => "would be sent back",
            (RepairKind.Dropped, false) => "dropped",
            (RepairKind.Dropped, true) => "would be dropped",
            (RepairKind.Discarded, false) => "discarded",
            (RepairKind.Discarded, true) => "would be discarded",
            (_, false) => "kept",
            _ => "would stay",
        };
        var note = outcome.Note.Length == 0 ? "" : $": {Say.OneLine(outcome.Note)}";
        return $"{Names.ErrorQueue(outcome.Message.Queue)}  {Name(outcome.Message)}  {done}{note}";
    }

    private static string Name(ErrorMessage message) =>
        $"request {Known(message.RequestId)} job {Known(message.JobId)} try {message.Try?.ToString(CultureInfo.InvariantCulture) ?? "?"}";

    private static string Known(string? id) => id is null ? "?" : Say.OneLine(id);

    private static string Failed(ErrorMessage message, TimeZoneInfo zone) => message.FailedAt is { } time
        ? TimeZoneInfo.ConvertTime(time, zone).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
        : "?";
}
