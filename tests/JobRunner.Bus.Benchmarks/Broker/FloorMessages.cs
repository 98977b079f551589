using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Bus.Benchmarks.Broker;

/// <summary>The bytes a worker publishes for a no-op job, written with as little work as the format allows.</summary>
internal static class FloorMessages
{
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The log and the end of one command; valid until the next call.</summary>
    public static (ReadOnlyMemory<byte> Log, ReadOnlyMemory<byte> End) For(ReadOnlySpan<byte> command, ReadOnlySpan<byte> stdout)
    {
        ReadOnlySpan<byte> requestId = default, jobId = default, name = default, type = default, jobData = default;
        var reader = new Utf8JsonReader(command);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("requestId"u8))
            {
                reader.Read();
                requestId = reader.ValueSpan;
            }
            else if (reader.ValueTextEquals("jobData"u8))
            {
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                jobData = command[start..(int)reader.BytesConsumed];
            }
            else if (reader.ValueTextEquals("job"u8))
            {
                reader.Read();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    if (reader.ValueTextEquals("id"u8))
                    {
                        reader.Read();
                        jobId = reader.ValueSpan;
                    }
                    else if (reader.ValueTextEquals("name"u8))
                    {
                        reader.Read();
                        name = reader.ValueSpan;
                    }
                    else if (reader.ValueTextEquals("type"u8))
                    {
                        reader.Read();
                        type = reader.ValueSpan;
                    }
                    else
                    {
                        reader.Read();
                        reader.Skip();
                    }
                }
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        return (Log(requestId, jobId, name, type, stdout), End(requestId, jobId, jobData));
    }

    private static ReadOnlyMemory<byte> Log(
        ReadOnlySpan<byte> requestId, ReadOnlySpan<byte> jobId, ReadOnlySpan<byte> name, ReadOnlySpan<byte> type, ReadOnlySpan<byte> stdout)
    {
        var now = (DateTimeOffset.UtcNow.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("requestId"u8, requestId);
        writer.WriteString("jobId"u8, jobId);
        writer.WriteNumber("try"u8, 1);
        writer.WriteString("name"u8, name);
        writer.WriteString("type"u8, type);
        writer.WriteNumber("startedAt"u8, now);
        writer.WriteNumber("finishedAt"u8, now);
        writer.WriteNumber("state"u8, 3);
        writer.WriteNumber("exit"u8, 0);
        writer.WriteString("error"u8, ""u8);
        writer.WriteString("stdout"u8, stdout);
        writer.WriteString("stderr"u8, ""u8);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }

    private static ReadOnlyMemory<byte> End(ReadOnlySpan<byte> requestId, ReadOnlySpan<byte> jobId, ReadOnlySpan<byte> jobData)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        writer.WriteString("requestId"u8, requestId);
        writer.WriteString("jobId"u8, jobId);
        writer.WriteNumber("finalState"u8, 3);
        writer.WriteNumber("tries"u8, 1);
        writer.WritePropertyName("jobData"u8);
        writer.WriteRawValue(jobData, skipInputValidation: true);
        writer.WriteNumber("prevTries"u8, 1);
        writer.WriteNumber("totalTries"u8, 1);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenMemory;
    }
}
