using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Benchmarks.Broker;

internal static class Consumers
{
    /// <summary>Consumes with a plain callback; returns the consumer tag.</summary>
    public static Task<string> ConsumeAsync(IChannel channel, string queue, bool autoAck, Action<ulong, ReadOnlyMemory<byte>> handle)
    {
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            handle(delivery.DeliveryTag, delivery.Body);
            return Task.CompletedTask;
        };
        return channel.BasicConsumeAsync(queue, autoAck, consumer);
    }
}
