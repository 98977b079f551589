using System.Globalization;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Topology;
using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Serialization;

/// <summary>What a message says beside its body: AMQP properties and our own headers.</summary>
internal static class AmqpFacts
{
    /// <summary>
    /// The AMQP timestamp, in whole seconds as AMQP has it; none on another transport, when not set, and when it is no
    /// such time (senders that write milliseconds).
    /// </summary>
    public static DateTimeOffset? Timestamp(this ConsumeContext context) => Properties(context)?.SentAt();

    /// <inheritdoc cref="Timestamp"/>
    public static DateTimeOffset? SentAt(this IReadOnlyBasicProperties properties) =>
        properties.IsTimestampPresent() && properties.Timestamp.UnixTime is >= 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(properties.Timestamp.UnixTime)
            : null;

    /// <summary>Where to answer: the AMQP reply-to queue and correlation id; none when not asked for.</summary>
    public static ReplyAddress? ReplyTo(this ConsumeContext context)
    {
        if (Properties(context) is not { } properties || string.IsNullOrWhiteSpace(properties.ReplyTo))
        {
            return null;
        }

        return new ReplyAddress(properties.ReplyTo, properties.IsCorrelationIdPresent() ? properties.CorrelationId : null);
    }

    /// <summary>A header of our own as text; none when it is not there.</summary>
    public static string? TextHeader(this ConsumeContext context, string name) =>
        context.Headers.TryGetHeader(name, out var value) ? HeaderText.Of(value) : null;

    /// <summary>Where in its stream the message stands; none when it comes from elsewhere.</summary>
    public static string? StreamOffset(this ConsumeContext context) =>
        Properties(context)?.Headers is { } headers && headers.TryGetValue("x-stream-offset", out var offset) && offset is IFormattable number
            ? number.ToString(null, CultureInfo.InvariantCulture)
            : null;

    /// <summary>The leg of a run that goes on; the first for a command straight from its scheduler.</summary>
    public static RunLeg Leg(this ConsumeContext context) => context.TextHeader(WorkerHeaders.Leg) is { Length: > 0 } id
        ? new RunLeg(id, context.Number(WorkerHeaders.TriesBefore) ?? 0)
        {
            SeenAt = context.Time(WorkerHeaders.SeenAt),
            RunStartedAt = context.Time(WorkerHeaders.RunStartedAt),
            WaitLeft = context.Number(WorkerHeaders.WaitLeft) is >= 0 and <= MostMilliseconds and var left ? TimeSpan.FromMilliseconds(left) : null,
        }
        : RunLeg.First;

    /// <summary>When the next try of a run that goes on is due.</summary>
    public static DateTimeOffset? DueAt(this ConsumeContext context) => context.Time(WorkerHeaders.DueAt);

    // The year 9999.
    private const long MostMilliseconds = 253_402_300_799_000;

    private static DateTimeOffset? Time(this ConsumeContext context, string name) =>
        context.Number(name) is > 0 and < MostMilliseconds and var milliseconds ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds) : null;

    /// <summary>How often a worker failed to run a command.</summary>
    public static int Failures(this ConsumeContext context) => (int)Math.Clamp(context.Number(WorkerHeaders.Failures) ?? 0, 0, int.MaxValue);

    private static long? Number(this ConsumeContext context, string header) =>
        long.TryParse(context.TextHeader(header), NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static IReadOnlyBasicProperties? Properties(ConsumeContext context) =>
        context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var consumed) ? consumed.Properties : null;
}

/// <summary>Where an answer goes: a queue, and what the asker recognises it by.</summary>
/// <param name="Queue">The reply-to queue.</param>
/// <param name="CorrelationId">The asker's correlation id.</param>
internal sealed record ReplyAddress(string Queue, string? CorrelationId);
