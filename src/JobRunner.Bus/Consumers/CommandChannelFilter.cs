using JobRunner.Bus.Hosting;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Topology;
using MassTransit;
using MassTransit.RabbitMqTransport;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// Stands before the consumer of commands on each channel that it gets: a stop sent before a command must be read before it, and
/// may come by a connection that is not back yet.
/// </summary>
internal sealed class CommandChannelFilter(
    StopCatchUp stops, StopHearing hearing, DrainSignal drain, IHostApplicationLifetime lifetime, ILogger<CommandChannelFilter> logger) : IFilter<ChannelContext>
{
    public async Task Send(ChannelContext context, IPipe<ChannelContext> next)
    {
        await hearing.WaitAsync(stops.RunAsync(context.CancellationToken), context.CancellationToken);
        using var channel = new CommandChannel(context, prompt: true);
        try
        {
            await next.Send(channel);
        }
        finally
        {
            if (!lifetime.ApplicationStopping.IsCancellationRequested && drain.Stage is null)
            {
                BrokerLog.ConsumerLost(logger, context.Channel.CloseReason?.ReplyText ?? "the broker ended the consumer");
            }
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("commandChannel");
}
