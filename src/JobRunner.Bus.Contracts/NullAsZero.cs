using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>Reads a JSON <c>null</c> as zero, as Go does, and anything else as another converter would.</summary>
internal sealed class NullAsZero<T>(JsonConverter<T> inner) : JsonConverter<T>
    where T : struct
{
    public override bool HandleNull => true;

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? default : inner.Read(ref reader, typeToConvert, options);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
        inner.Write(writer, value, options);
}
