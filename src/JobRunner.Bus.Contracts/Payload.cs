using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// What a job is given, or leaves in its job data, as a type of C#: JSON with camelCase names, enumerations by name. Names are read in
/// any letter case, fields that the type does not know are ignored. A constructor's parameter that has no default and does not admit
/// <see langword="null"/> must be there.
/// </summary>
public static class Payload
{
    internal static JsonSerializerOptions Options { get; } = new(JsonSerializerDefaults.General)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        PropertyNameCaseInsensitive = true,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { WhatMayBeNullMayBeAbsent } },
    };

    /// <summary>Writes a payload as UTF-8 JSON: the <see cref="Job.Bytes"/> of a job.</summary>
    /// <exception cref="NotSupportedException">JSON cannot hold such a type.</exception>
    public static byte[] Write<T>(T payload) => JsonSerializer.SerializeToUtf8Bytes(payload, Options);

    /// <summary>Reads a payload.</summary>
    /// <exception cref="FormatException">The bytes are not the JSON of such a payload; the message says which fields are wrong, and what is expected.</exception>
    /// <exception cref="NotSupportedException">No value of such a type can be made from JSON.</exception>
    public static T Read<T>(ReadOnlySpan<byte> utf8)
    {
        var json = utf8.StartsWith("\uFEFF"u8) ? utf8[3..] : utf8;
        try
        {
            return JsonSerializer.Deserialize<T>(json, Options) ?? throw new FormatException(PayloadProblems.Of("null"u8, typeof(T)));
        }
        catch (JsonException error)
        {
            throw new FormatException(PayloadProblems.Of(json, typeof(T)), error);
        }
    }

    /// <summary>Puts a value into job data under a name; what was there is replaced.</summary>
    public static void Write<T>(this JsonObject jobData, string name, T value)
    {
        ArgumentNullException.ThrowIfNull(jobData);
        jobData[name] = JsonSerializer.SerializeToNode(value, Options);
    }

    /// <summary>Reads the value that job data hold under a name.</summary>
    /// <exception cref="FormatException">There is none, or it does not fit; the message says what is wrong and what is expected.</exception>
    public static T Read<T>(this JsonObject jobData, string name)
    {
        ArgumentNullException.ThrowIfNull(jobData);
        try
        {
            return Read<T>(jobData[name] is { } value ? JsonSerializer.SerializeToUtf8Bytes(value, Options) : []);
        }
        catch (FormatException error)
        {
            throw new FormatException($"\"{name}\" of the job data: {error.Message}", error);
        }
    }

    /// <summary>Why no value of this type can ever be read; <see langword="null"/> when it can.</summary>
    internal static string? Problem(Type type)
    {
        try
        {
            _ = JsonSerializer.Deserialize("{}"u8, type, Options);
            return null;
        }
        catch (Exception error) when (error is NotSupportedException or InvalidOperationException)
        {
            return error.Message.Split(" Path: ", 2)[0];
        }
        catch (Exception)
        {
            // It can be read, though not from this.
            return null;
        }
    }

    private static void WhatMayBeNullMayBeAbsent(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(property => property.AssociatedParameter is { IsNullable: true }))
        {
            property.IsRequired = false;
        }
    }
}
