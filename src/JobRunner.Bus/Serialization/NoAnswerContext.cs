using MassTransit;

namespace JobRunner.Bus.Serialization;

/// <summary>
/// The context of an envelope, without the addresses in it: the bus would send faults there with the worker's permissions,
/// to queues that the sender may not write to.
/// </summary>
internal sealed class NoAnswerContext(MessageContext envelope) : MessageContext
{
    public Guid? MessageId => envelope.MessageId;

    public Guid? RequestId => envelope.RequestId;

    public Guid? CorrelationId => envelope.CorrelationId;

    public Guid? ConversationId => envelope.ConversationId;

    public Guid? InitiatorId => envelope.InitiatorId;

    public DateTime? ExpirationTime => envelope.ExpirationTime;

    public Uri? SourceAddress => envelope.SourceAddress;

    public Uri? DestinationAddress => envelope.DestinationAddress;

    public Uri? ResponseAddress => null;

    public Uri? FaultAddress => null;

    public DateTime? SentTime => envelope.SentTime;

    public Headers Headers => envelope.Headers;

    public HostInfo Host => envelope.Host;
}
