using System.Globalization;
using System.Text.RegularExpressions;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.RabbitMq;

/// <summary>The broker takes no message of this size, however often it is sent.</summary>
/// <param name="size">Bytes of the body.</param>
/// <param name="limit">The broker's <c>max_message_size</c>, bytes.</param>
internal sealed partial class MessageTooLargeException(long size, long limit)
    : Exception($"the message has {size} bytes; the broker takes at most {limit} (its max_message_size)")
{
    private const ushort PreconditionFailed = 406;

    /// <summary>Bytes that the broker takes at most.</summary>
    public long Limit => limit;

    /// <summary>The limit that a broker names as it closes a channel for a message over it.</summary>
    public static long? LimitIn(ShutdownEventArgs? reason) =>
        reason is { ReplyCode: PreconditionFailed }
        && Refusal().Match(reason.ReplyText) is { Success: true } match
        && long.TryParse(match.Groups[1].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? limit
            : null;

    [GeneratedRegex(@"message size \d+ is larger than (?:configured )?max size (\d+)")]
    private static partial Regex Refusal();
}
