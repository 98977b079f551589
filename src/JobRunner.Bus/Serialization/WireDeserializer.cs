using System.Net.Mime;
using JobRunner.Bus.Contracts;
using MassTransit;
using MassTransit.Serialization;

namespace JobRunner.Bus.Serialization;

/// <summary>
/// Reads the one message type of an endpoint, whatever the content type: from MassTransit's envelope where it says so, else from
/// plain JSON. Reading through <see cref="Wire"/> makes every error one that its sender can act on.
/// </summary>
internal sealed class WireDeserializer<TMessage> : IMessageDeserializer, ISerializerFactory
    where TMessage : class
{
    public ContentType ContentType => WireSerializer.Json;

    public ConsumeContext Deserialize(ReceiveContext receiveContext) => new BodyConsumeContext(receiveContext, Read(
        receiveContext.Body.GetBytes(), WireEnvelope.Is(receiveContext.ContentType?.MediaType), receiveContext.TransportHeaders, receiveContext.InputAddress));

    public SerializerContext Deserialize(MessageBody body, Headers headers, Uri? destinationAddress = null) =>
        Read(body.GetBytes(), isEnvelope: false, headers, destinationAddress);

    public static SerializerContext Read(ReadOnlySpan<byte> body, bool isEnvelope, Headers headers, Uri? destinationAddress) => new WireSerializerContext<TMessage>(
        Wire.Deserialize<TMessage>(isEnvelope ? WireEnvelope.MessageIn(body) : body), new WireMessageContext(headers, destinationAddress));

    public MessageBody GetMessageBody(string text) => new StringMessageBody(text);

    public void Probe(ProbeContext context) => context.CreateScope("wire").Add("message", typeof(TMessage).Name);

    public IMessageSerializer CreateSerializer() => WireSerializer.Instance;

    public IMessageDeserializer CreateDeserializer() => this;
}
