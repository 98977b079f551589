using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Redeliver;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Chains.Service.Report;

/// <summary>How one delivery of an end is redelivered: by the policy of job logs. An outage of the Request Manager uses up none of its time.</summary>
internal sealed class ChainReportRedelivery(ConsumeContext<ChainFinished> context, RedeliveryPolicy policy, BrokerDelay delays, TimeProvider time, ILogger logger)
    : IRedelivery
{
    private readonly DateTimeOffset _begun = time.GetUtcNow();
    private readonly DeliveryHistory _history = RedeliveryHeaders.Read(context.ReceiveContext.TransportHeaders.GetAll());
    private Redelivery? _next;

    public TimeSpan? DelayAfter(Exception error)
    {
        var refused = error as RetryableDeliveryException;
        _next = policy.Next(_history, _begun, time.GetUtcNow(), ownTrouble: refused is { StoreIsDown: false, Status: not null }, refused?.RetryAfter);
        if (_next is null)
        {
            ChainsLog.EndNotTaken(logger, context.Message.RequestId, error.Message);
            return null;
        }

        ChainsLog.EndRedelivered(logger, context.Message.RequestId, _next.Value.Delay, error.Message);
        return _next.Value.Delay;
    }

    public Task ScheduleRedelivery(TimeSpan delay, Action<ConsumeContext, SendContext>? callback = null) =>
        delays.KeepAsync(context, ChainTopology.DelayQueue(delay), _next?.History ?? _history);
}

/// <summary>Puts it in the place of MassTransit's, which needs a plugin of RabbitMQ.</summary>
internal sealed class ChainReportRedeliveryFilter(RedeliveryPolicy policy, BrokerDelay delays, TimeProvider time, ILogger<ChainReportRedeliveryFilter> logger)
    : IFilter<ConsumeContext<ChainFinished>>
{
    public Task Send(ConsumeContext<ChainFinished> context, IPipe<ConsumeContext<ChainFinished>> next)
    {
        context.GetOrAddPayload<MessageRedeliveryContext>(() => new ChainReportRedelivery(context, policy, delays, time, logger));
        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("chainReportRedelivery");
}
