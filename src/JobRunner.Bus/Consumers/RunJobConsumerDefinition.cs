using JobRunner.Bus.Contracts;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Consumers;

internal sealed class RunJobConsumerDefinition : ConsumerDefinition<RunJobConsumer>
{
    private readonly int _slots;

    public RunJobConsumerDefinition(IOptions<WorkerOptions> options)
    {
        EndpointName = Names.RunJob;
        _slots = options.Value.Slots;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<RunJobConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.ReadJson<RunJob>();
        // What one worker prefetches no other can run: hold no more than can start.
        endpointConfigurator.PrefetchCount = _slots;
        endpointConfigurator.ConcurrentMessageLimit = _slots;
        endpointConfigurator.ConfigureError(error =>
        {
            error.UseFilter(new ReasonFilter());
            error.UseFilter(ActivatorUtilities.CreateInstance<ErrorQueueFilter>(context, Names.RunJob));
            error.UseFilter(ActivatorUtilities.CreateInstance<RefusalFilter>(context));
        });
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator broker)
        {
            broker.DeclareWith(BrokerTopology.QuorumArguments());
            // One loop of the client's, which waits for no command: the prefetch count is the limit.
            broker.ConcurrentMessageLimit = 1;
            broker.ConfigureChannel(channel => channel.UseFilter(ActivatorUtilities.CreateInstance<CommandChannelFilter>(context)));
        }
    }
}
