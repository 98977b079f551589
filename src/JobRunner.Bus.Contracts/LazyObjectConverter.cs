using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Reads an object as its bytes. What is not plain (a name that may be there twice, no object at all) is read as objects are, so
/// that it is refused in the same words.
/// </summary>
internal sealed class LazyObjectConverter : JsonConverter<LazyObject>
{
    private static JsonConverter<JsonObject?> Objects => JsonMetadataServices.JsonObjectConverter;

    /// <inheritdoc/>
    public override LazyObject? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        var start = reader;
        if (reader.TokenType == JsonTokenType.StartObject && CheckedCopy.TryTake(ref reader) is { } utf8)
        {
            return new LazyObject(utf8);
        }

        reader = start;
        return Objects.Read(ref reader, typeof(JsonObject), options) is { } value ? new LazyObject(value) : null;
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, LazyObject value, JsonSerializerOptions options)
    {
        if (value.Utf8 is { } utf8)
        {
            writer.WriteRawValue(utf8, skipInputValidation: true);
        }
        else
        {
            Objects.Write(writer, value.Value, options);
        }
    }
}
