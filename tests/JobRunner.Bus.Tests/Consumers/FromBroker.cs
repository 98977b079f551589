using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>Gives each message the AMQP properties that it would have from a broker.</summary>
internal sealed class FromBroker(IReadOnlyBasicProperties properties) : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var consumed = Runs.Fake.Of<RabbitMqBasicConsumeContext>(("get_Properties", _ => properties));
        context.ReceiveContext.AddOrUpdatePayload(() => consumed, _ => consumed);
        return next.Send(context);
    }

    public void Probe(ProbeContext context)
    {
    }
}
