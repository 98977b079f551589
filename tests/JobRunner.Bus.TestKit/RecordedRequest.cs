namespace JobRunner.Bus.TestKit;

/// <summary>A request as it came over the wire.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">The request target as sent, escapes and all.</param>
/// <param name="Headers">The headers; names compare without case.</param>
/// <param name="Body">The body.</param>
/// <param name="Connection">Id of the connection it came on.</param>
public sealed record RecordedRequest(
    string Method, string Target, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Body, string Connection);
