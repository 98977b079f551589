using MassTransit;

namespace JobRunner.Bus.Serialization;

/// <summary>Sets an endpoint up to read one message type.</summary>
internal static class WireEndpoints
{
    public static void ReadJson<TMessage>(this IReceiveEndpointConfigurator endpoint)
        where TMessage : class
    {
        endpoint.PublishFaults = false;
        // What could not be read has gone to the error queue already; it needs no second one.
        endpoint.DiscardSkippedMessages();
        endpoint.ClearSerialization();
        endpoint.AddSerializer(WireSerializer.Instance);
        endpoint.AddDeserializer(new WireDeserializer<TMessage>(), isDefault: true);
    }
}
