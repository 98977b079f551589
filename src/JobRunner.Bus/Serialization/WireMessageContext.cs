using MassTransit;
using MassTransit.Metadata;

namespace JobRunner.Bus.Serialization;

/// <summary>
/// What a message says beside its body: its transport headers. Ids of any form are let be: AMQP does not ask for GUIDs. There is no
/// address for answers and faults: the bus would send them with the worker's permissions, to queues that the sender may not write to.
/// </summary>
internal sealed class WireMessageContext(Headers headers, Uri? destinationAddress) : MessageContext
{
    // Tells messages apart in MassTransit's log and test harness.
    public Guid? MessageId => headers.TryGetHeader(MessageHeaders.MessageId, out var id) && Guid.TryParse(id as string, out var guid) ? guid : null;

    public Guid? RequestId => null;

    public Guid? CorrelationId => null;

    public Guid? ConversationId => null;

    public Guid? InitiatorId => null;

    public DateTime? ExpirationTime => null;

    public Uri? SourceAddress => null;

    public Uri? DestinationAddress => destinationAddress;

    public Uri? ResponseAddress => null;

    public Uri? FaultAddress => null;

    public DateTime? SentTime => null;

    public Headers Headers => headers;

    public HostInfo Host => HostMetadataCache.Empty;
}
