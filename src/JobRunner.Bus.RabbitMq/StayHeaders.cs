namespace JobRunner.Bus.RabbitMq;

/// <summary>Headers that the broker or a client wrote for a stay in a queue: over once the message leaves it.</summary>
internal static class StayHeaders
{
    // CC and BCC would send copies elsewhere.
    private static readonly string[] Names =
    [
        "x-death", "x-first-death-exchange", "x-first-death-queue", "x-first-death-reason", "x-last-death-exchange",
        "x-last-death-queue", "x-last-death-reason", "x-delivery-count", "x-stream-offset", "x-dotnet-pub-seq-no", "CC", "BCC",
    ];

    /// <summary>Whether a header is one of them.</summary>
    public static bool Has(string name) => Names.Contains(name, StringComparer.Ordinal);
}
