using System.Text.Json;

namespace JobRunner.Bus.Contracts;

/// <summary>A body that is not the JSON it should be. The message says where and why, for the sender to mend.</summary>
public sealed class WireFormatException(string message, Exception? innerException = null)
    : Exception(message, innerException)
{
    internal static WireFormatException From<T>(JsonException error)
    {
        var path = string.IsNullOrEmpty(error.Path) || error.Path == "$" ? "" : $" at {error.Path}";
        var line = error.LineNumber is { } number ? $" (line {number + 1}, byte {error.BytePositionInLine + 1})" : "";
        return new WireFormatException($"the body is not the JSON of a {typeof(T).Name}{path}{line}: {Reason(error)}", error);
    }

    /// <summary>The reason in words for a sender, who knows no .NET.</summary>
    private static string Reason(JsonException error)
    {
        // Everything up to " Path:" is the reason; the rest repeats path and position.
        var reason = error.Message.Split(" Path: ", 2)[0].TrimEnd('.');
        if (reason.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
        {
            return error.Path?.EndsWith(".bytes", StringComparison.Ordinal) == true
                ? "it must be base64 text"
                : "the value is of the wrong type, malformed or out of range";
        }

        if (reason.StartsWith("Duplicate property", StringComparison.Ordinal))
        {
            return reason.Split('\'') is [_, var name, ..] ? $"duplicate field \"{name}\"" : "duplicate field";
        }

        if (reason.StartsWith("The maximum configured depth", StringComparison.Ordinal))
        {
            return $"objects and arrays are nested more than {Wire.MaxDepth} deep";
        }

        return reason.Replace(" which is not supported in this mode. Change the reader options", "", StringComparison.Ordinal);
    }
}
