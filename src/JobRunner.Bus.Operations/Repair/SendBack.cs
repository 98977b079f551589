using System.Security.Cryptography;
using System.Text;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>Makes messages to publish of messages that lie in an error queue or in the journal.</summary>
internal static class SendBack
{
    // Faults, counters of earlier deliveries, and what workers wrote for each other: stale by now.
    private static readonly string[] StaleHeaders = ["MT-", "x-", "jobrunner-"];

    /// <summary>
    /// A message as it is, straight into its queue: its exchange would give it to others too, a log to the journal once more.
    /// </summary>
    public static OutgoingMessage AsItIs(string queue, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body) =>
        new("", queue, Cleared(properties), body);

    /// <summary>
    /// A command as a leg of its own, by the way that runs take which go on: the journal sees it, so that a crash of its
    /// worker is resumed from here, and the same message is not sent back twice.
    /// </summary>
    public static OutgoingMessage AsLeg(RunJob command, string leg, DateTimeOffset now, IReadOnlyBasicProperties properties)
    {
        var sent = Cleared(properties);
        sent.ContentType = Wire.ContentType;
        sent.MessageId = leg;
        sent.Timestamp = new AmqpTimestamp(now.ToUnixTimeSeconds());
        foreach (var (name, value) in LegHeaders.For(new RunLeg(leg, 0), now))
        {
            sent.Headers![name] = value;
        }

        return new OutgoingMessage(Names.RunJobWait, Names.NoWait, sent, Wire.Serialize(command));
    }

    /// <summary>The leg that a message of an error queue is sent back as. It is always the same for the same message.</summary>
    public static string LegOf(ErrorMessage message)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(message.Body.Span);
        foreach (var part in new[] { message.Properties.MessageId ?? "", HeaderText.Of(message.Properties, "MT-Fault-Timestamp") ?? "", message.Reason })
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"\n{part}"));
        }

        return $"retry-{Convert.ToHexStringLower(hash.GetHashAndReset())[..32]}";
    }

    private static BasicProperties Cleared(IReadOnlyBasicProperties properties)
    {
        var cleared = new BasicProperties
        {
            DeliveryMode = DeliveryModes.Persistent,
            Headers = (properties.Headers ?? new Dictionary<string, object?>())
                .Where(header => !StaleHeaders.Any(stale => header.Key.StartsWith(stale, StringComparison.OrdinalIgnoreCase)))
                .ToDictionary(header => header.Key, header => header.Value),
        };
        if (properties.IsContentTypePresent())
        {
            cleared.ContentType = properties.ContentType;
        }

        if (properties.IsMessageIdPresent())
        {
            cleared.MessageId = properties.MessageId;
        }

        if (properties.IsCorrelationIdPresent())
        {
            cleared.CorrelationId = properties.CorrelationId;
        }

        if (properties.IsTimestampPresent())
        {
            cleared.Timestamp = properties.Timestamp;
        }

        return cleared;
    }
}
