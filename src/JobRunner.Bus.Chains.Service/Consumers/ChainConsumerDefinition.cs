using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>How every queue of the chain service is read: plain JSON of one message, some at once, faults to its error queue with the reason.</summary>
internal abstract class ChainConsumerDefinition<TConsumer, TMessage> : ConsumerDefinition<TConsumer>
    where TConsumer : class, IConsumer<TMessage>
    where TMessage : class
{
    private readonly string _queue;
    private readonly int _concurrency;

    protected ChainConsumerDefinition(string queue, IOptions<ChainsOptions> options)
    {
        EndpointName = _queue = queue;
        _concurrency = options.Value.Concurrency;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<TConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.ReadJson<TMessage>();
        endpointConfigurator.PrefetchCount = 2 * _concurrency;
        endpointConfigurator.ConcurrentMessageLimit = _concurrency;
        endpointConfigurator.ConfigureError(error =>
        {
            error.UseFilter(new NotRedeliveredFilter());
            error.UseFilter(new ReasonFilter());
            error.UseFilter(ActivatorUtilities.CreateInstance<ErrorQueueFilter>(context, _queue));
            if (typeof(TMessage) == typeof(JobChain) || typeof(TMessage) == typeof(SuspendedJobChain))
            {
                error.UseFilter(ActivatorUtilities.CreateInstance<ChainRefusalFilter>(context));
            }
        });
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator broker)
        {
            broker.DeclareWith(BrokerTopology.QuorumArguments());
            broker.ConfigureChannel(channel => channel.UseFilter(new EventChannelFilter()));
        }
    }
}
