using System.Text.Json;

namespace JobRunner.Bus.Serialization;

/// <summary>
/// What can still be read of a message that could not be understood: some of its values, up to the first byte that is no JSON, so that a
/// truncated command still finds its scheduler.
/// </summary>
internal sealed class PartialJson
{
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _numbers = new(StringComparer.Ordinal);

    /// <summary>Reads as far as it goes; never throws.</summary>
    /// <param name="json">The body.</param>
    /// <param name="names">Which values: a property such as <c>requestId</c>, or one of an object in it such as <c>job.id</c>.</param>
    public static PartialJson Read(ReadOnlySpan<byte> json, params ReadOnlySpan<string> names)
    {
        var found = new PartialJson();
        if (json.StartsWith("\uFEFF"u8))
        {
            json = json[3..];
        }

        var reader = new Utf8JsonReader(json, isFinalBlock: false, new JsonReaderState(new JsonReaderOptions { MaxDepth = 1000 }));
        try
        {
            found.Read(ref reader, names);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // As far as it went.
        }

        return found;
    }

    /// <summary>A text; empty if it is not known.</summary>
    public string Text(string name) => _texts.GetValueOrDefault(name, "");

    /// <summary>A whole number, if it is known.</summary>
    public long? Number(string name) => _numbers.TryGetValue(name, out var number) ? number : null;

    private void Read(ref Utf8JsonReader reader, scoped ReadOnlySpan<string> names)
    {
        string? parent = null, property = null;
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    property = reader.CurrentDepth <= 2 ? reader.GetString() : null;
                    continue;
                case JsonTokenType.StartObject when reader.CurrentDepth == 1:
                    parent = property;
                    break;
                case JsonTokenType.EndObject when reader.CurrentDepth == 1:
                    parent = null;
                    break;
                case JsonTokenType.String when Name(reader.CurrentDepth) is { } name && names.Contains(name):
                    _texts[name] = reader.GetString()!;
                    break;
                case JsonTokenType.Number when Name(reader.CurrentDepth) is { } name && names.Contains(name) && reader.TryGetInt64(out var number):
                    _numbers[name] = number;
                    break;
            }

            property = null;
        }

        string? Name(int depth) => depth switch
        {
            1 => property,
            2 when parent is not null && property is not null => $"{parent}.{property}",
            _ => null,
        };
    }
}
