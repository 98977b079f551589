using JobRunner.Bus.Serialization;
using MassTransit;

namespace JobRunner.Bus.Consumers;

/// <summary>A queue that only this worker reads, and that goes with it.</summary>
internal static class OwnQueue
{
    /// <summary>Reads messages of one type from it.</summary>
    /// <param name="endpoint">The queue.</param>
    /// <param name="bind">Binds it to where they come from.</param>
    public static void ReadOwn<TMessage>(this IReceiveEndpointConfigurator endpoint, Action<IRabbitMqReceiveEndpointConfigurator> bind)
        where TMessage : class
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.ReadJson<TMessage>();
        // Nobody waits for an answer to what made no sense.
        endpoint.DiscardFaultedMessages();
        if (endpoint is IRabbitMqReceiveEndpointConfigurator broker)
        {
            // RabbitMQ 4 deprecates queues that are neither durable nor exclusive.
            broker.Durable = false;
            broker.Exclusive = true;
            broker.AutoDelete = true;
            bind(broker);
        }
    }
}
