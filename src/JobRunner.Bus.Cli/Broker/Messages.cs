using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>Reads messages that anyone may have published.</summary>
internal static class Messages
{
    /// <summary>The message; <see langword="null"/> if it is none of this contract: it is not for us, then.</summary>
    public static T? TryRead<T>(ReadOnlySpan<byte> body)
        where T : class
    {
        try
        {
            return Wire.Deserialize<T>(body);
        }
        catch (WireFormatException)
        {
            return null;
        }
    }
}
