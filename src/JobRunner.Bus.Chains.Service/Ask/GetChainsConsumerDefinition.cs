using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using MassTransit;

namespace JobRunner.Bus.Chains.Service.Ask;

internal sealed class GetChainsConsumerDefinition : ConsumerDefinition<GetChainsConsumer>
{
    public GetChainsConsumerDefinition(WorkerName worker) => EndpointName = $"{ChainNames.GetChains}.{worker}";

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<GetChainsConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.ReadOwn<GetChains>(broker => broker.Bind(ChainNames.GetChains));
}
