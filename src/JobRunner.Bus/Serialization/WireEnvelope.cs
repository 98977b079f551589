using System.Text.Json;
using JobRunner.Bus.Contracts;
using MassTransit.Serialization;

namespace JobRunner.Bus.Serialization;

/// <summary>MassTransit's envelope, of which only the message in it counts here.</summary>
internal static class WireEnvelope
{
    // Deeper than any message may be: how deep that is, its own reader says.
    private static readonly JsonReaderOptions Options = new() { MaxDepth = 1000 };

    /// <summary>Whether a content type says that the message is in an envelope.</summary>
    public static bool Is(string? contentType) =>
        contentType is not null && contentType.StartsWith(SystemTextJsonMessageSerializer.JsonContentType.MediaType, StringComparison.OrdinalIgnoreCase);

    /// <summary>The message in an envelope.</summary>
    /// <exception cref="WireFormatException">The bytes are no envelope, or it has no message.</exception>
    public static ReadOnlySpan<byte> MessageIn(ReadOnlySpan<byte> envelope)
    {
        try
        {
            var reader = new Utf8JsonReader(envelope, Options);
            var (start, end) = Find(ref reader);
            while (reader.Read())
            {
                // To the end: what follows must be JSON, too.
            }

            return start < 0 || envelope[start..end] is [(byte)'n', ..] ? throw new WireFormatException("the envelope has no message") : envelope[start..end];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new WireFormatException($"the body is not the JSON of a MassTransit envelope: {error.Message}", error);
        }
    }

    /// <summary>The message in an envelope that may be cut off or spoilt behind; what cannot be opened, as it is.</summary>
    public static ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> envelope)
    {
        try
        {
            var reader = new Utf8JsonReader(envelope.Span, isFinalBlock: false, new JsonReaderState(Options));
            var (start, end) = Find(ref reader);
            return start < 0 ? envelope : end < 0 ? envelope[start..] : envelope[start..end];
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return envelope;
        }
    }

    private static (int Start, int End) Find(ref Utf8JsonReader reader)
    {
        if (reader.Read() && reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("it is no object");
        }

        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.CurrentDepth == 1
                && string.Equals(reader.GetString(), "message", StringComparison.OrdinalIgnoreCase) && reader.Read())
            {
                var start = (int)reader.TokenStartIndex;
                return (start, reader.TrySkip() ? (int)reader.BytesConsumed : -1);
            }
        }

        return (-1, -1);
    }
}
