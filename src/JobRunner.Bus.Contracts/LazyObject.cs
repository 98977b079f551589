using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// A JSON object that stays as its bytes until somebody asks for its values: most are only passed on, and as objects they weigh
/// ten times as much. Equal to another one that gives the same object. Safe for use by any thread, as far as the object is.
/// </summary>
[JsonConverter(typeof(LazyObjectConverter))]
internal sealed class LazyObject
{
    private static readonly byte[] NoFields = "{}"u8.ToArray();

    // The bytes, or the object once it was asked for.
    private object _held;

    /// <summary>An object as its JSON, which must be valid and hold no name twice.</summary>
    public LazyObject(byte[] utf8) => _held = utf8;

    /// <summary>An object that is there already.</summary>
    public LazyObject(JsonObject value) => _held = value;

    /// <summary>A new object without fields.</summary>
    public static LazyObject Empty() => new(NoFields);

    /// <summary>The JSON; <see langword="null"/> once the object was asked for, which may have changed since.</summary>
    public byte[]? Utf8 => Volatile.Read(ref _held) as byte[];

    /// <summary>The object; the same one for all who ask.</summary>
    public JsonObject Value
    {
        get
        {
            var held = Volatile.Read(ref _held);
            if (held is byte[] utf8)
            {
                var read = Read(utf8);
                var before = Interlocked.CompareExchange(ref _held, read, utf8);
                return before == utf8 ? read : (JsonObject)before;
            }

            return (JsonObject)held;
        }
    }

    /// <summary>An object of its own with the same content.</summary>
    public JsonObject Copy() => Volatile.Read(ref _held) switch
    {
        byte[] utf8 => Read(utf8),
        var value => (JsonObject)((JsonObject)value).DeepClone(),
    };

    /// <summary>Whether the content is the same; leaves the bytes as they are.</summary>
    public bool Holds(JsonObject other) => JsonNode.DeepEquals(Volatile.Read(ref _held) is byte[] utf8 ? Read(utf8) : Value, other);

    /// <summary>The same content as bytes, which weigh less; itself where it is bytes already, or holds what JSON has no word for.</summary>
    public LazyObject AsBytes()
    {
        if (Volatile.Read(ref _held) is not JsonObject value)
        {
            return this;
        }

        try
        {
            return new LazyObject(Wire.Serialize(value));
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException or JsonException)
        {
            // Whoever sends it is told.
            return this;
        }
    }

    private static JsonObject Read(byte[] utf8) => ReferenceEquals(utf8, NoFields) ? [] : (JsonObject)JsonNode.Parse(utf8)!;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is LazyObject other && (ReferenceEquals(this, other) || ReferenceEquals(Value, other.Value));

    /// <inheritdoc/>
    public override int GetHashCode() => Value.GetHashCode();

    /// <summary>The JSON, as the object prints it.</summary>
    public override string ToString() => Value.ToString();
}
