using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Operations.Repair;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Move;

/// <summary>Messages as they go on at another broker: all that is said in them stays, and what the first broker knew beside them is put into headers.</summary>
internal static class MovedMessage
{
    /// <summary>A message of a queue.</summary>
    public static OutgoingMessage Of(QueueMove move, TakenMessage message)
    {
        var (properties, headers) = Kept(message.Properties);
        if (move.To == Names.RunJob)
        {
            if (message.WasDelivered || DeliveriesBefore(message.Properties) > 0)
            {
                // Its worker may have run some of it: the journal knows.
                headers[WorkerHeaders.DeliveredBefore] = "yes";
            }

            if (move.From != move.To)
            {
                // Out of its wait too early: the time it is due says what is left.
                headers.Remove(WorkerHeaders.WaitLeft);
            }
        }

        return new OutgoingMessage("", move.To, properties, message.Body);
    }

    /// <summary>An entry of the journal; none for a mark of its readers.</summary>
    public static OutgoingMessage? OfJournal(StreamMessage message)
    {
        var (properties, headers) = Kept(message.Properties);
        if (headers.ContainsKey(WorkerHeaders.CaughtUp))
        {
            return null;
        }

        if (message.Exchange.Length > 0)
        {
            headers[WorkerHeaders.PublishedTo] = message.Exchange;
        }

        return new OutgoingMessage("", Names.JobJournal, properties, message.Body.ToArray());
    }

    /// <summary>A stop; none for a mark, or for a note of when a stop was seen, which names a place in the first broker's stream.</summary>
    /// <param name="message">The message.</param>
    /// <param name="firstSeen">When stops that say no time were seen, by their place.</param>
    public static OutgoingMessage? OfStop(StreamMessage message, IReadOnlyDictionary<string, DateTimeOffset> firstSeen)
    {
        var (properties, headers) = Kept(message.Properties);
        if (headers.ContainsKey(WorkerHeaders.CaughtUp) || headers.ContainsKey(WorkerHeaders.FirstSeen))
        {
            return null;
        }

        ReadOnlyMemory<byte> body = message.Body.ToArray();
        if (HeaderText.Of(message.Properties, "x-stream-offset") is { } place && firstSeen.TryGetValue(place, out var at) && Read(body.Span) is { } stop)
        {
            body = Wire.Serialize(stop with { SentAt = at });
        }

        return new OutgoingMessage("", Names.StopJob, properties, body);
    }

    /// <summary>Which stop was first seen when, if the message is a note of that.</summary>
    public static (string Place, DateTimeOffset At)? FirstSeenOf(StreamMessage message) =>
        JournalMessages.Header(message.Properties, WorkerHeaders.FirstSeen) is { } place && Read(message.Body.Span)?.SentAt is { } at
            ? (place, at)
            : null;

    private static StopJob? Read(ReadOnlySpan<byte> body)
    {
        try
        {
            return Wire.Deserialize<StopJob>(body);
        }
        catch (WireFormatException)
        {
            return null;
        }
    }

    private static (BasicProperties Properties, IDictionary<string, object?> Headers) Kept(IReadOnlyBasicProperties properties)
    {
        var kept = new BasicProperties(properties)
        {
            DeliveryMode = DeliveryModes.Persistent,
            Headers = (properties.Headers ?? new Dictionary<string, object?>()).Where(header => !StayHeaders.Has(header.Key)).ToDictionary(),
        };
        // The broker checks that it is the sender's own.
        kept.ClearUserId();
        return (kept, kept.Headers);
    }

    // Whoever had it may have put it back: then it counts, and says nothing of a redelivery.
    private static long DeliveriesBefore(IReadOnlyBasicProperties properties) =>
        long.TryParse(HeaderText.Of(properties, "x-delivery-count"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0;
}
