using System.Runtime.InteropServices;
using System.Text.Json;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Serialization;

/// <summary>MassTransit's envelope, as far as it must be opened to see whose message is in it.</summary>
internal static class WireEnvelope
{
    /// <summary>Whether a content type says that the message is in an envelope.</summary>
    public static bool Is(string? contentType) =>
        contentType is not null && contentType.StartsWith(WireDeserializer<RunJob>.EnvelopeType.MediaType, StringComparison.OrdinalIgnoreCase);

    /// <summary>The message in an envelope; what cannot be opened, as it is.</summary>
    public static ReadOnlyMemory<byte> Open(ReadOnlyMemory<byte> envelope)
    {
        try
        {
            using var opened = JsonDocument.Parse(envelope);
            return opened.RootElement.ValueKind == JsonValueKind.Object && opened.RootElement.TryGetProperty("message", out var message)
                ? JsonMarshal.GetRawUtf8Value(message).ToArray()
                : envelope;
        }
        catch (JsonException)
        {
            return envelope;
        }
    }
}
