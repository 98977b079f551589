using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Consumers;

internal sealed class GetRunnerStatusConsumerDefinition : ConsumerDefinition<GetRunnerStatusConsumer>
{
    public GetRunnerStatusConsumerDefinition(WorkerName worker) => EndpointName = $"{Names.GetRunnerStatus}.{worker}";

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<GetRunnerStatusConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.PublishFaults = false;
        endpointConfigurator.ReadOnly<GetRunnerStatus>();
        // Nobody waits for a question that made no sense.
        endpointConfigurator.DiscardFaultedMessages();
        endpointConfigurator.DiscardSkippedMessages();
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator broker)
        {
            // RabbitMQ 4 deprecates queues that are neither durable nor exclusive.
            broker.Durable = false;
            broker.Exclusive = true;
            broker.AutoDelete = true;
            broker.Bind(Names.GetRunnerStatus);
        }
    }
}
