using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using JobRunner.Bus.Jobs.Http;
using JobRunner.Bus.Jobs.Shell;

namespace JobRunner.Bus.Jobs;

/// <summary>Reads a job's bytes as Go's <c>json.Unmarshal</c> would: any letter case, nulls and unknown fields ignored.</summary>
internal static class JobBytes
{
    /// <exception cref="FormatException">The bytes are not the JSON of such a job; the message shows how it looks.</exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes, JsonTypeInfo<T> shape, string type, string example)
        where T : class, new()
    {
        if (bytes.IsEmpty)
        {
            throw new FormatException($"the bytes of the {type} job are empty; they must be JSON such as {example}");
        }

        try
        {
            return JsonSerializer.Deserialize(bytes, shape) ?? new T();
        }
        catch (JsonException error)
        {
            var field = error.Path is null or "" or "$" ? "" : $" at {error.Path}";
            // The rest of the message repeats the path and adds a position within a line that people never see.
            var reason = error.Message.Split(" Path: ", 2)[0].TrimEnd('.');
            if (reason.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
            {
                reason = "the value is of the wrong type or out of range";
            }

            throw new FormatException(
                $"the bytes of the {type} job cannot be read{field}: {reason}; they must be JSON such as {example}", error);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, PropertyNameCaseInsensitive = true)]
[JsonSerializable(typeof(SleepBytes))]
[JsonSerializable(typeof(ShellCommandBytes))]
[JsonSerializable(typeof(HttpRequestBytes))]
internal sealed partial class JobBytesJson : JsonSerializerContext;
