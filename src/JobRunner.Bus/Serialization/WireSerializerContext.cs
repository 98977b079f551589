using System.Diagnostics.CodeAnalysis;
using MassTransit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Serialization;

/// <summary>One message, read already.</summary>
internal sealed class WireSerializerContext<TMessage>(TMessage message, MessageContext context)
    : BaseSerializerContext(SystemTextJsonMessageSerializer.Instance, context, [MessageUrn.ForTypeString<TMessage>()])
    where TMessage : class
{
    public override bool TryGetMessage<T>(out T? result)
        where T : class
    {
        result = message as T;
        return result is not null;
    }

    public override bool TryGetMessage(Type messageType, [NotNullWhen(true)] out object? result)
    {
        result = messageType.IsInstanceOfType(message) ? message : null;
        return result is not null;
    }

    public override IMessageSerializer GetMessageSerializer() => WireSerializer.Instance;

    public override IMessageSerializer GetMessageSerializer<T>(MessageEnvelope envelope, T message) => WireSerializer.Instance;

    public override IMessageSerializer GetMessageSerializer(object message, string[] messageTypes) => WireSerializer.Instance;

    public override Dictionary<string, object> ToDictionary<T>(T? value)
        where T : class => throw new NotSupportedException("Messages of this contract have no dictionary form.");
}
