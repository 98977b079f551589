using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>Messages of the error queues, and what became of them, for scripts: a JSON array.</summary>
internal static class ErrorJson
{
    private static readonly JsonWriterOptions Indented = new()
    {
        Indented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NewLine = "\n",
    };

    /// <summary>Messages; in full, with their headers and bodies.</summary>
    public static string Write(IReadOnlyList<ErrorMessage> messages, bool full) => Write(messages, (json, message) =>
    {
        WriteName(json, message);
        json.WriteString("reason", message.Reason);
        json.WriteNumber("bytes", message.BodyBytes);
        if (full)
        {
            WriteHeadersAndBody(json, message);
        }
    });

    /// <summary>What became of messages, or would become of them.</summary>
    public static string Write(IReadOnlyList<RepairOutcome> outcomes, bool dryRun) => Write(outcomes, (json, outcome) =>
    {
        WriteName(json, outcome.Message);
        json.WriteString("outcome", outcome.Kind switch
        {
            RepairKind.SentBack => "sent-back",
            RepairKind.Dropped => "dropped",
            RepairKind.Discarded => "discarded",
            _ => "kept",
        });
        json.WriteString("note", outcome.Note);
        json.WriteBoolean("dryRun", dryRun);
    });

    private static string Write<T>(IReadOnlyList<T> items, Action<Utf8JsonWriter, T> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Indented))
        {
            json.WriteStartArray();
            foreach (var item in items)
            {
                json.WriteStartObject();
                write(json, item);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    private static void WriteName(Utf8JsonWriter json, ErrorMessage message)
    {
        json.WriteString("queue", Names.ErrorQueue(message.Queue));
        json.WriteString("requestId", message.RequestId);
        json.WriteString("jobId", message.JobId);
        json.WritePropertyName("try");
        if (message.Try is { } number)
        {
            json.WriteNumberValue(number);
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteString("failedAt", message.FailedAt?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture));
    }

    private static void WriteHeadersAndBody(Utf8JsonWriter json, ErrorMessage message)
    {
        json.WriteString("contentType", message.Properties.ContentType);
        json.WriteString("messageId", message.Properties.MessageId);
        json.WriteStartObject("headers");
        foreach (var (name, value) in message.Properties.Headers ?? new Dictionary<string, object?>())
        {
            json.WriteString(name, HeaderText.Of(value));
        }

        json.WriteEndObject();
        if (System.Text.Unicode.Utf8.IsValid(message.Body.Span))
        {
            json.WriteString("body", message.Body.Span);
        }
        else
        {
            json.WriteBase64String("bodyBase64", message.Body.Span);
        }
    }
}
