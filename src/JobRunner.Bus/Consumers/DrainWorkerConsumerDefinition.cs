using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Topology;
using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Consumers;

internal sealed class DrainWorkerConsumerDefinition : ConsumerDefinition<DrainWorkerConsumer>
{
    private readonly string _worker;

    public DrainWorkerConsumerDefinition(WorkerName worker)
    {
        _worker = worker.Value;
        EndpointName = $"{Names.DrainWorker}.{worker}";
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<DrainWorkerConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.ReadOwn<DrainWorker>(broker => broker.Bind(Names.DrainWorker, bind =>
        {
            bind.ExchangeType = ExchangeType.Direct;
            bind.RoutingKey = _worker;
        }));
}
