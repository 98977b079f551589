using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Serialization;
using MassTransit;

namespace JobRunner.Bus.Chains.Service.Ask;

internal sealed class GetChainsConsumerDefinition : ConsumerDefinition<GetChainsConsumer>
{
    public GetChainsConsumerDefinition(WorkerName worker) => EndpointName = $"{ChainNames.GetChains}.{worker}";

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<GetChainsConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.PublishFaults = false;
        endpointConfigurator.ReadOnly<GetChains>();
        // Nobody waits for a question that made no sense.
        endpointConfigurator.DiscardFaultedMessages();
        endpointConfigurator.DiscardSkippedMessages();
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator broker)
        {
            // RabbitMQ 4 deprecates queues that are neither durable nor exclusive.
            broker.Durable = false;
            broker.Exclusive = true;
            broker.AutoDelete = true;
            broker.Bind(ChainNames.GetChains);
        }
    }
}
