using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// The exact JSON of every message: camelCase names, numeric states, base64 bytes, no envelope. Both directions go
/// through here, so that no other setting can change the wire.
/// </summary>
public static class Wire
{
    /// <summary>Media type of every message body.</summary>
    public const string ContentType = "application/json";

    /// <summary>How deep objects and arrays of a message may be nested.</summary>
    public const int MaxDepth = 64;

    private static readonly WireJsonContext Context = new(Options());

    /// <summary>Writes a message of this contract as UTF-8 JSON.</summary>
    /// <exception cref="NotSupportedException">The type is no message of this contract.</exception>
    public static byte[] Serialize<T>(T message) => JsonSerializer.SerializeToUtf8Bytes(message, TypeInfo<T>());

    /// <summary>Reads a message of this contract from UTF-8 JSON; a byte order mark is skipped.</summary>
    /// <exception cref="WireFormatException">The bytes are not JSON, or not JSON of this message.</exception>
    /// <exception cref="NotSupportedException">The type is no message of this contract.</exception>
    public static T Deserialize<T>(ReadOnlySpan<byte> utf8)
        where T : class
    {
        if (utf8.StartsWith("\uFEFF"u8))
        {
            utf8 = utf8[3..];
        }

        if (utf8.IsEmpty)
        {
            throw new WireFormatException($"the body is empty; it must be the JSON of a {typeof(T).Name}");
        }

        if (CompressedAs(utf8) is { } encoding)
        {
            throw new WireFormatException($"the body is compressed ({encoding}); send it as it is, without content encoding");
        }

        // Fields passed on unread are checked by nobody else, and could not be written again.
        if (!Utf8.IsValid(utf8))
        {
            throw new WireFormatException($"the body is not UTF-8; it must be the JSON of a {typeof(T).Name}");
        }

        try
        {
            RefuseHalfCharacters(utf8);
            return JsonSerializer.Deserialize(utf8, TypeInfo<T>())
                ?? throw new WireFormatException($"the body is null; it must be the JSON object of a {typeof(T).Name}");
        }
        catch (JsonException error)
        {
            throw WireFormatException.From<T>(error);
        }
    }

    private static string? CompressedAs(ReadOnlySpan<byte> body) =>
        body.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) ? "gzip"
        : body.StartsWith((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) ? "zstd"
        : null;

    /// <summary>Writes an object as it stands in a message.</summary>
    internal static byte[] Serialize(JsonObject value)
    {
        var bytes = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = Context.Options.Encoder, SkipValidation = true }))
        {
            value.WriteTo(writer, Context.Options);
        }

        return bytes.WrittenSpan.ToArray();
    }

    /// <summary>Whether the type is a message of this contract.</summary>
    public static bool Knows(Type type) => Context.GetTypeInfo(type) is not null;

    /// <summary>Half a surrogate pair, as an escape, reads well where it is passed on unread but cannot be written again.</summary>
    private static void RefuseHalfCharacters(ReadOnlySpan<byte> utf8)
    {
        if (utf8.IndexOf("\\ud"u8) < 0 && utf8.IndexOf("\\uD"u8) < 0)
        {
            return;
        }

        var reader = new Utf8JsonReader(utf8);
        while (reader.Read())
        {
            if (reader.ValueIsEscaped)
            {
                try
                {
                    _ = reader.GetString();
                }
                catch (InvalidOperationException error)
                {
                    throw new WireFormatException(
                        $"the body holds half a surrogate pair (\\ud800 to \\udfff) in the text that begins at byte {reader.TokenStartIndex + 1}",
                        error);
                }
            }
        }
    }

    private static JsonSerializerOptions Options()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.General)
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            // A name given twice reads as an error only once the job looks at its data; refuse it here instead.
            AllowDuplicateProperties = false,
            // Bodies are read by JSON parsers, never pasted into HTML: keep non-ASCII text readable and small.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            MaxDepth = MaxDepth,
        };
        options.Converters.Add(new SentAtConverter());
        options.Converters.Add(new NullAsZero<long>(JsonMetadataServices.Int64Converter));
        options.Converters.Add(new NullAsZero<bool>(JsonMetadataServices.BooleanConverter));
        options.Converters.Add(new NullAsZero<JobState>(JsonMetadataServices.GetEnumConverter<JobState>(options)));
        return options;
    }

    private static JsonTypeInfo<T> TypeInfo<T>() =>
        Context.GetTypeInfo(typeof(T)) as JsonTypeInfo<T>
        ?? throw new NotSupportedException($"{typeof(T)} is no message of the JobRunner.Bus contract.");
}

[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(RunJob))]
[JsonSerializable(typeof(StopJob))]
[JsonSerializable(typeof(StopJobReply))]
[JsonSerializable(typeof(JobLogRecorded))]
[JsonSerializable(typeof(IReadOnlyList<JobLogRecorded>))]
[JsonSerializable(typeof(JobFinished))]
[JsonSerializable(typeof(GetRunnerStatus))]
[JsonSerializable(typeof(RunnerStatus))]
[JsonSerializable(typeof(RunnerStatuses))]
[JsonSerializable(typeof(WorkerStatus))]
[JsonSerializable(typeof(IReadOnlyList<RunnerStatus>))]
[JsonSerializable(typeof(JobChain))]
[JsonSerializable(typeof(SuspendedJobChain))]
[JsonSerializable(typeof(StopChain))]
[JsonSerializable(typeof(ChainFinished))]
[JsonSerializable(typeof(GetChains))]
[JsonSerializable(typeof(DrainWorker))]
[JsonSerializable(typeof(ChainsReport))]
[JsonSerializable(typeof(ChainStatus))]
[JsonSerializable(typeof(ChainDue))]
internal sealed partial class WireJsonContext : JsonSerializerContext;
