using System.Net.Mime;
using JobRunner.Bus.Contracts;
using MassTransit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Serialization;

/// <summary>Writes messages of the contract as plain JSON, and what else the bus sends as MassTransit would.</summary>
internal sealed class WireSerializer : IMessageSerializer, ISerializerFactory
{
    public static readonly WireSerializer Instance = new();
    public static readonly ContentType Json = new(Wire.ContentType);
    private static readonly SystemTextJsonRawMessageSerializer Other = new();

    public ContentType ContentType => Json;

    public MessageBody GetMessageBody<T>(SendContext<T> context)
        where T : class =>
        Wire.Knows(typeof(T)) ? new MemoryMessageBody(Wire.Serialize(context.Message)) : Other.GetMessageBody(context);

    public IMessageSerializer CreateSerializer() => this;

    public IMessageDeserializer CreateDeserializer() => Other;
}
