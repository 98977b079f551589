using System.Collections;
using System.Text;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// All headers of a message travel in one AMQP frame, at most 128 KiB by RabbitMQ's default. A message whose own headers nearly
/// fill it leaves no room for what tells why it was refused; sent all the same, the broker would close the connection.
/// </summary>
internal static class HeaderRoom
{
    private const int Frame = 131_072;

    // Other properties (up to 13 short texts), what MassTransit adds about this host, and the names of what was left out.
    private const int Rest = 8_000;

    private const int ShortReason = 500;

    /// <summary>Leaves out what does not fit: our own stack trace first, then the longest headers of the sender, named in one more.</summary>
    /// <param name="own">What tells of the error.</param>
    /// <param name="sent">The sender's headers.</param>
    public static void Make(SendHeaders own, IDictionary<string, object?> sent)
    {
        var room = Frame - Rest - sent.Sum(SizeOf);
        if (room >= own.GetAll().Sum(header => SizeOf(new(header.Key, header.Value))))
        {
            return;
        }

        own.Set(MessageHeaders.FaultStackTrace, null);
        if (own.TryGetHeader(MessageHeaders.FaultMessage, out var reason) && reason is string { Length: > ShortReason } text)
        {
            own.Set(MessageHeaders.FaultMessage, text[..(char.IsHighSurrogate(text[ShortReason - 1]) ? ShortReason - 1 : ShortReason)]);
        }

        room -= own.GetAll().Sum(header => SizeOf(new(header.Key, header.Value)));
        List<string> dropped = [];
        foreach (var header in sent.OrderByDescending(SizeOf).ToList())
        {
            if (room >= 0)
            {
                break;
            }

            sent.Remove(header.Key);
            dropped.Add(Reasons.Bounded(header.Key));
            room += SizeOf(header);
        }

        if (dropped.Count > 0)
        {
            own.Set(WorkerHeaders.HeadersDropped, Reasons.Bounded(string.Join(", ", dropped)));
        }
    }

    private static int SizeOf(KeyValuePair<string, object?> header) => 2 + Encoding.UTF8.GetByteCount(header.Key) + SizeOf(header.Value);

    private static int SizeOf(object? value) => value switch
    {
        string text => 4 + Encoding.UTF8.GetByteCount(text),
        byte[] bytes => 4 + bytes.Length,
        IDictionary<string, object?> table => 4 + table.Sum(SizeOf),
        IEnumerable list => 4 + list.Cast<object?>().Sum(item => 1 + SizeOf(item)),
        _ => 16,
    };
}
