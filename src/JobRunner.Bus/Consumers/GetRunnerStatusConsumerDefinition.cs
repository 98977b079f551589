using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Consumers;

internal sealed class GetRunnerStatusConsumerDefinition : ConsumerDefinition<GetRunnerStatusConsumer>
{
    public GetRunnerStatusConsumerDefinition(WorkerName worker) => EndpointName = $"{Names.GetRunnerStatus}.{worker}";

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<GetRunnerStatusConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.ReadOwn<GetRunnerStatus>(broker => broker.Bind(Names.GetRunnerStatus));
}
