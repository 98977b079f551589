using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Telemetry;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>Puts our <see cref="MessageRedeliveryContext"/> in the place of MassTransit's, which needs a plugin of RabbitMQ.</summary>
internal sealed class RedeliveryFilter(
    RedeliveryPolicy policy, ILogDelay delays, DeliveryGate gate, UnderWay underWay, DeliveryMetrics metrics, TimeProvider time, ILogger<RedeliveryFilter> logger)
    : IFilter<ConsumeContext<JobLogRecorded>>
{
    public async Task Send(ConsumeContext<JobLogRecorded> context, IPipe<ConsumeContext<JobLogRecorded>> next)
    {
        using var counted = underWay.Begin();
        context.GetOrAddPayload<MessageRedeliveryContext>(() => new JobLogRedelivery(context, policy, delays, gate, metrics, time, logger));
        await next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("jobLogRedelivery");
}
