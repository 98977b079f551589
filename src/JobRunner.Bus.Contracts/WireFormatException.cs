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

        // Everything up to " Path:" is the reason; the rest repeats path and position.
        var reason = error.Message.Split(" Path: ", 2)[0].TrimEnd('.');
        if (reason.StartsWith("The JSON value could not be converted", StringComparison.Ordinal))
        {
            // It goes on with the name of a .NET type, often the wrong one, which tells a sender nothing.
            reason = "the value is of the wrong type, malformed or out of range";
        }

        return new WireFormatException($"the body is not the JSON of a {typeof(T).Name}{path}{line}: {reason}", error);
    }
}
