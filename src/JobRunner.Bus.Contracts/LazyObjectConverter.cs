using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Bus.Contracts;

/// <summary>Reads an object as the bytes it came in.</summary>
internal sealed class LazyObjectConverter : JsonConverter<LazyObject>
{
    /// <inheritdoc/>
    public override LazyObject? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        // Refuses a name given twice, as the options say.
        var value = JsonMetadataServices.JsonElementConverter.Read(ref reader, typeof(JsonElement), options);
        return value.ValueKind switch
        {
            JsonValueKind.Object => new LazyObject(JsonMarshal.GetRawUtf8Value(value).ToArray()),
            // PHP's word for an object without fields.
            JsonValueKind.Array when value.GetArrayLength() == 0 => LazyObject.Empty(),
            JsonValueKind.Null => null,
            _ => throw new JsonException("it must be an object"),
        };
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
            JsonMetadataServices.JsonObjectConverter.Write(writer, value.Value, options);
        }
    }
}
