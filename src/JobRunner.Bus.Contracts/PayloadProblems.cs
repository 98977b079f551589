using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Bus.Contracts;

/// <summary>Why bytes do not fit a payload, in the words of those who send them: JSON, not .NET.</summary>
internal static class PayloadProblems
{
    /// <summary>All that is wrong with bytes that could not be read.</summary>
    public static string Of(ReadOnlySpan<byte> json, Type type)
    {
        if (json.IsEmpty)
        {
            return $"empty; expected is JSON: {Word(type, fields: true)}";
        }

        try
        {
            var reader = new Utf8JsonReader(json);
            using var document = JsonDocument.ParseValue(ref reader);
            List<string> problems = [.. Of(document.RootElement, type, "")];
            return problems.Count > 0 ? string.Join("; ", problems) : $"expected is {Word(type, fields: true)}, no field given twice, and nothing after it";
        }
        catch (JsonException error)
        {
            var reason = error.Message.Split(" LineNumber:", 2)[0].TrimEnd('.', ' ');
            return $"no JSON (line {error.LineNumber + 1}, byte {error.BytePositionInLine + 1}): {reason}; expected is {Word(type, fields: true)}";
        }
    }

    private static IEnumerable<string> Of(JsonElement value, Type type, string path)
    {
        var shape = Payload.Options.GetTypeInfo(type);
        return (shape.Kind, value.ValueKind) switch
        {
            (JsonTypeInfoKind.Object, JsonValueKind.Object) => Fields(shape).SelectMany(field => OfField(value, field, Join(path, field.Name))),
            (JsonTypeInfoKind.Enumerable, JsonValueKind.Array) => value.EnumerateArray().SelectMany((one, index) => Of(one, shape.ElementType!, $"{path}[{index}]")),
            (JsonTypeInfoKind.Dictionary, JsonValueKind.Object) => value.EnumerateObject().SelectMany(one => Of(one.Value, shape.ElementType!, Join(path, one.Name))),
            (JsonTypeInfoKind.None, _) when Fits(value, shape) => [],
            _ => [$"{Named(path)} must be {Word(type, fields: path.Length == 0)}"],
        };
    }

    private static IEnumerable<string> OfField(JsonElement owner, JsonPropertyInfo field, string path)
    {
        var given = owner.EnumerateObject().FirstOrDefault(one => string.Equals(one.Name, field.Name, StringComparison.OrdinalIgnoreCase)).Value;
        return given.ValueKind switch
        {
            JsonValueKind.Undefined => field.IsRequired ? [$"{Named(path)} is missing; it must be {Word(field.PropertyType)}"] : [],
            JsonValueKind.Null when !MayBeNull(field) => [$"{Named(path)} is null; it must be {Word(field.PropertyType)}"],
            JsonValueKind.Null => [],
            _ => Of(given, field.PropertyType, path),
        };
    }

    private static bool Fits(JsonElement value, JsonTypeInfo shape)
    {
        try
        {
            _ = value.Deserialize(shape);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<JsonPropertyInfo> Fields(JsonTypeInfo shape) =>
        shape.Properties.Where(field => field.Set is not null || field.AssociatedParameter is not null);

    private static bool MayBeNull(JsonPropertyInfo field) =>
        (!field.PropertyType.IsValueType || Nullable.GetUnderlyingType(field.PropertyType) is not null)
        && (field.AssociatedParameter?.IsNullable ?? field.IsSetNullable);

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Named(string path) => path.Length == 0 ? "the whole" : $"\"{path}\"";

    private static string Word(Type type, bool fields = false)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        var shape = Payload.Options.GetTypeInfo(plain);
        return plain switch
        {
            _ when shape.Kind is JsonTypeInfoKind.Object && fields && Fields(shape).Any() =>
                $"an object with {string.Join(", ", Fields(shape).Select(field => $"\"{field.Name}\" ({Word(field.PropertyType)}{(field.IsRequired ? "" : ", may be absent")})"))}",
            _ when shape.Kind is JsonTypeInfoKind.Object or JsonTypeInfoKind.Dictionary => "an object",
            _ when plain == typeof(byte[]) => "base64 text",
            _ when shape.Kind is JsonTypeInfoKind.Enumerable => "an array",
            { IsEnum: true } => $"one of {string.Join(", ", Enum.GetNames(plain).Select(name => $"\"{name}\""))}",
            _ when plain == typeof(string) => "text",
            _ when plain == typeof(char) => "one character",
            _ when plain == typeof(bool) => "true or false",
            _ when plain == typeof(Guid) => "a GUID such as \"6f9619ff-8b86-d011-b42d-00cf4fc964ff\"",
            _ when plain == typeof(Uri) => "an address such as \"https://example.com/\"",
            _ when plain == typeof(DateTimeOffset) || plain == typeof(DateTime) => "a time such as \"2026-01-02T03:04:05Z\"",
            _ when plain == typeof(DateOnly) => "a date such as \"2026-01-02\"",
            _ when plain == typeof(TimeOnly) => "a time of day such as \"03:04:05\"",
            _ when plain == typeof(TimeSpan) => "a length of time such as \"1.02:03:04\" (days.hours:minutes:seconds)",
            _ when Whole(plain) is { } range => $"a whole number{range}",
            _ when plain == typeof(double) || plain == typeof(float) || plain == typeof(decimal) => "a number",
            _ => "of another form",
        };
    }

    private static string? Whole(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte => " from 0 to 255",
        TypeCode.SByte => " from -128 to 127",
        TypeCode.Int16 => " from -32768 to 32767",
        TypeCode.UInt16 => " from 0 to 65535",
        TypeCode.Int32 or TypeCode.Int64 => "",
        TypeCode.UInt32 or TypeCode.UInt64 => ", 0 or more",
        _ => null,
    };
}
