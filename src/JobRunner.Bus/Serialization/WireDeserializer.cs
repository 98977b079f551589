using System.Net.Mime;
using System.Runtime.InteropServices;
using System.Text.Json;
using JobRunner.Bus.Contracts;
using MassTransit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Serialization;

/// <summary>
/// Reads the one message type of an endpoint from plain JSON, or from MassTransit's envelope. Reading through
/// <see cref="Wire"/> makes every error one that its sender can act on.
/// </summary>
internal sealed class WireDeserializer<TMessage>(ContentType contentType, bool envelope) : IMessageDeserializer, ISerializerFactory
    where TMessage : class
{
    public static ContentType EnvelopeType { get; } = SystemTextJsonMessageSerializer.JsonContentType;

    public ContentType ContentType => contentType;

    public ConsumeContext Deserialize(ReceiveContext receiveContext) => new BodyConsumeContext(
        receiveContext, Deserialize(receiveContext.Body, receiveContext.TransportHeaders, receiveContext.InputAddress));

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null)
    {
        var bytes = body.GetBytes();
        if (!envelope)
        {
            return new WireSerializerContext<TMessage>(
                Wire.Deserialize<TMessage>(bytes), new PlainMessageContext(headers, destinationAddress));
        }

        var opened = Open(bytes);
        return new WireSerializerContext<TMessage>(
            MessageIn(opened), new NoAnswerContext(new EnvelopeMessageContext(opened, SystemTextJsonMessageSerializer.Instance)));
    }

    /// <summary>The message in an envelope.</summary>
    /// <exception cref="WireFormatException">The bytes are no envelope, or hold no such message.</exception>
    public static TMessage MessageIn(byte[] envelope) => MessageIn(Open(envelope));

    private static TMessage MessageIn(MessageEnvelope envelope) => envelope.Message is JsonElement element
        ? Wire.Deserialize<TMessage>(JsonMarshal.GetRawUtf8Value(element))
        : throw new WireFormatException("the envelope has no message");

    private static MessageEnvelope Open(byte[] bytes)
    {
        try
        {
            return JsonSerializer.Deserialize<MessageEnvelope>(bytes, SystemTextJsonMessageSerializer.Options)
                ?? throw new WireFormatException("the envelope is null");
        }
        catch (JsonException error)
        {
            throw new WireFormatException($"the body is not the JSON of a MassTransit envelope: {error.Message}", error);
        }
    }

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public void Probe(ProbeContext context) => context.CreateScope("wire").Add("message", typeof(TMessage).Name);

    public IMessageSerializer CreateSerializer() => WireSerializer.Instance;

    public IMessageDeserializer CreateDeserializer() => this;
}

/// <summary>Sets an endpoint up to read one message type.</summary>
internal static class WireEndpoints
{
    public static void ReadOnly<TMessage>(this IReceiveEndpointConfigurator endpoint)
        where TMessage : class
    {
        endpoint.ClearSerialization();
        endpoint.AddSerializer(WireSerializer.Instance);
        endpoint.AddDeserializer(new WireDeserializer<TMessage>(WireDeserializer<TMessage>.EnvelopeType, envelope: true));
        endpoint.AddDeserializer(new WireDeserializer<TMessage>(WireSerializer.Json, envelope: false), isDefault: true);
    }
}
