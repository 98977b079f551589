using MassTransit;
using MassTransit.Metadata;

namespace JobRunner.Bus.Serialization;

/// <summary>
/// The context of a plain JSON message: its transport headers. Ids of any form are let be: AMQP does not ask for GUIDs.
/// </summary>
internal sealed class PlainMessageContext(Headers headers, Uri? destinationAddress) : MessageContext
{
    public Guid? MessageId => null;

    public Guid? RequestId => Guid.TryParse(Text(MassTransit.MessageHeaders.RequestId), out var id) ? id : null;

    public Guid? CorrelationId => null;

    public Guid? ConversationId => null;

    public Guid? InitiatorId => null;

    public DateTime? ExpirationTime => null;

    public Uri? SourceAddress => null;

    public Uri? DestinationAddress => destinationAddress;

    // The bus would send faults there, with the worker's permissions: to queues that the sender may not write to.
    public Uri? ResponseAddress => null;

    public Uri? FaultAddress => null;

    public DateTime? SentTime => null;

    public Headers Headers => headers;

    public HostInfo Host => HostMetadataCache.Empty;

    private string? Text(string header) => headers.TryGetHeader(header, out var value) ? value as string : null;
}
