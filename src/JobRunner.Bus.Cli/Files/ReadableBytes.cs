using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace JobRunner.Bus.Cli.Files;

/// <summary>
/// In a file a job's <c>bytes</c> may be a JSON object or array instead of base64: people can read it. It becomes the
/// base64 of its compact UTF-8 JSON, as the job's author would have serialised it.
/// </summary>
internal static class ReadableBytes
{
    private static readonly JsonWriterOptions Compact = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The same JSON with every job's <c>bytes</c> in base64. Every other byte stays on its line, so that an error found
    /// later names the line the person wrote.
    /// </summary>
    /// <exception cref="JsonException">The text is not JSON.</exception>
    public static byte[] ToBase64(ReadOnlySpan<byte> json)
    {
        var output = new ArrayBufferWriter<byte>(json.Length + 256);
        var reader = new Utf8JsonReader(json);
        var path = new List<string>();
        var copied = 0;
        while (reader.Read())
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            var depth = reader.CurrentDepth;
            if (path.Count >= depth)
            {
                path.RemoveRange(depth - 1, path.Count - depth + 1);
            }

            // Array elements have no name; they only keep the depth.
            while (path.Count < depth - 1)
            {
                path.Add("");
            }

            path.Add(reader.GetString() ?? "");
            if (!IsBytesOfAJob(path))
            {
                continue;
            }

            reader.Read();
            if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
            {
                var start = (int)reader.TokenStartIndex;
                using var value = JsonDocument.ParseValue(ref reader);
                var end = (int)reader.BytesConsumed;
                output.Write(json[copied..start]);
                WriteBase64(output, value.RootElement);
                KeepLines(output, json[start..end]);
                copied = end;
            }
        }

        output.Write(json[copied..]);
        return output.WrittenSpan.ToArray();
    }

    private static bool IsBytesOfAJob(List<string> path) =>
        path is ["job", "bytes"] or ["jobs", _, "bytes"];

    private static void WriteBase64(ArrayBufferWriter<byte> output, JsonElement value)
    {
        var compact = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(compact, Compact))
        {
            value.WriteTo(writer);
        }

        output.Write("\""u8);
        var target = output.GetSpan(System.Buffers.Text.Base64.GetMaxEncodedToUtf8Length(compact.WrittenCount));
        System.Buffers.Text.Base64.EncodeToUtf8(compact.WrittenSpan, target, out _, out var written);
        output.Advance(written);
        output.Write("\""u8);
    }

    private static void KeepLines(ArrayBufferWriter<byte> output, ReadOnlySpan<byte> replaced)
    {
        var lines = replaced.Count((byte)'\n');
        if (lines == 0)
        {
            return;
        }

        var column = replaced.Length - replaced.LastIndexOf((byte)'\n') - 1;
        output.GetSpan(lines)[..lines].Fill((byte)'\n');
        output.Advance(lines);
        output.GetSpan(column)[..column].Fill((byte)' ');
        output.Advance(column);
    }
}
