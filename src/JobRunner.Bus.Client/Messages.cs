using JobRunner.Bus.Contracts;
using RabbitMQ.Client;

namespace JobRunner.Bus.Client;

/// <summary>How messages are sent.</summary>
internal static class Messages
{
    /// <summary>AMQP properties of a message of the contract.</summary>
    public static BasicProperties Properties(DateTimeOffset sentAt) => new()
    {
        ContentType = Wire.ContentType,
        DeliveryMode = DeliveryModes.Persistent,
        Timestamp = new AmqpTimestamp(sentAt.ToUnixTimeSeconds()),
    };
}
