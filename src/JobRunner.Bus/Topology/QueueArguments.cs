using MassTransit;

namespace JobRunner.Bus.Topology;

/// <summary>MassTransit declares the queues it consumes from, too: with the same arguments, or the broker refuses.</summary>
internal static class QueueArguments
{
    public static void DeclareWith(this IRabbitMqReceiveEndpointConfigurator endpoint, Dictionary<string, object?> arguments)
    {
        foreach (var (name, value) in arguments)
        {
            endpoint.SetQueueArgument(name, value);
        }
    }
}
