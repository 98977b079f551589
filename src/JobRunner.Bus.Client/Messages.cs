using JobRunner.Bus.Contracts;
using RabbitMQ.Client;

namespace JobRunner.Bus.Client;

/// <summary>How messages are sent.</summary>
internal static class Messages
{
    /// <summary>AMQP properties of a message of the contract, in the trace of what runs now.</summary>
    public static BasicProperties Properties(DateTimeOffset sentAt)
    {
        var properties = new BasicProperties
        {
            ContentType = Wire.ContentType,
            DeliveryMode = DeliveryModes.Persistent,
            Timestamp = new AmqpTimestamp(sentAt.ToUnixTimeSeconds()),
        };
        if (ClientTraces.Headers() is { } headers)
        {
            properties.Headers = headers;
        }

        return properties;
    }
}
