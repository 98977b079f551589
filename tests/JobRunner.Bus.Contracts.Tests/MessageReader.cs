namespace JobRunner.Bus.Contracts.Tests;

/// <summary>Reads and writes messages whose type is known only to the test's data.</summary>
internal static class MessageReader
{
    private delegate object ReadMessage(ReadOnlySpan<byte> utf8);

    public static object Read(Type type, byte[] body) =>
        typeof(Wire).GetMethod(nameof(Wire.Deserialize))!.MakeGenericMethod(type).CreateDelegate<ReadMessage>()(body);

    public static byte[] Write(Type type, object message) =>
        (byte[])typeof(Wire).GetMethod(nameof(Wire.Serialize))!.MakeGenericMethod(type).Invoke(null, [message])!;
}
