using JobRunner.Bus.Consumers;
using MassTransit;
using MassTransit.RabbitMqTransport;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>Lets a consumer have its delivery requeued, quietly: MassTransit would send what was cancelled to the error queue.</summary>
internal sealed class EventChannelFilter : IFilter<ChannelContext>
{
    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        using var channel = new CommandChannel(context);
        await next.Send(channel);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("eventChannel");
}
