using System.Globalization;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>The history of a log's deliveries, in headers beside its body.</summary>
internal static class RedeliveryHeaders
{
    // On every message of an error queue: whoever sends one back starts its history over.
    private const string FaultPrefix = "MT-Fault-";

    /// <summary>Reads the history; none for a log that was not redelivered, or came back from an error queue.</summary>
    public static DeliveryHistory Read(IEnumerable<KeyValuePair<string, object>> headers)
    {
        var (redeliveries, firstTriedAt, redeliveredAt) = (0, (DateTimeOffset?)null, (DateTimeOffset?)null);
        foreach (var (name, value) in headers)
        {
            switch (name)
            {
                case MessageHeaders.Reason:
                    return DeliveryHistory.None;
                case WorkerHeaders.Redeliveries:
                    _ = int.TryParse(HeaderText.Of(value), NumberStyles.None, CultureInfo.InvariantCulture, out redeliveries);
                    break;
                case WorkerHeaders.FirstTriedAt:
                    firstTriedAt = Time(value);
                    break;
                case WorkerHeaders.RedeliveredAt:
                    redeliveredAt = Time(value);
                    break;
                default:
                    break;
            }
        }

        return new DeliveryHistory(redeliveries, firstTriedAt, redeliveredAt);
    }

    /// <summary>The properties a log goes on with: its own, with the history, as a message of ours.</summary>
    public static BasicProperties WithHistory(IReadOnlyBasicProperties? received, DeliveryHistory history)
    {
        var properties = received is null ? new BasicProperties() : new BasicProperties(received);
        Dictionary<string, object?> headers = new(StringComparer.Ordinal);
        foreach (var (name, value) in properties.Headers ?? new Dictionary<string, object?>())
        {
            if (!StayHeaders.Has(name) && name != MessageHeaders.Reason && !name.StartsWith(FaultPrefix, StringComparison.Ordinal))
            {
                headers[name] = value;
            }
        }

        Write(history, (name, value) => headers[name] = value);
        properties.Headers = headers;
        properties.DeliveryMode = DeliveryModes.Persistent;
        // It must not expire on the way, and the broker checks that a user id is the sender's own.
        properties.ClearExpiration();
        properties.ClearUserId();
        return properties;
    }

    /// <summary>Writes the history; nothing of a log that was not redelivered.</summary>
    public static void Write(DeliveryHistory history, Action<string, string> set)
    {
        if (history.RedeliveredAt is not { } redeliveredAt)
        {
            return;
        }

        set(WorkerHeaders.Redeliveries, history.Redeliveries.ToString(CultureInfo.InvariantCulture));
        set(WorkerHeaders.RedeliveredAt, redeliveredAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        if (history.FirstTriedAt is { } firstTriedAt)
        {
            set(WorkerHeaders.FirstTriedAt, firstTriedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
        }
    }

    private static DateTimeOffset? Time(object? value) =>
        long.TryParse(HeaderText.Of(value), NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds) && milliseconds is > 0 and < 253_402_300_799_000
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;
}
