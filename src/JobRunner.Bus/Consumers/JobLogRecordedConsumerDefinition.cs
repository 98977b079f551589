using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;
using MassTransit.Middleware;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Consumers;

internal sealed class JobLogRecordedConsumerDefinition : ConsumerDefinition<JobLogRecordedConsumer>
{
    // Logs put off wait in their open deliveries there; the gate limits those that are at the store.
    private const int OpenInMemory = 10_000;

    private readonly int _concurrency;

    public JobLogRecordedConsumerDefinition(IOptions<ReportOptions> options)
    {
        EndpointName = Names.JobLogRecorded;
        _concurrency = options.Value.Concurrency;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<JobLogRecordedConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.PublishFaults = false;
        endpointConfigurator.ReadOnly<JobLogRecorded>();
        // What could not be read has gone to the error queue already; it needs no second one.
        endpointConfigurator.DiscardSkippedMessages();
        endpointConfigurator.ConfigureError(error =>
        {
            error.UseFilter(new ReasonFilter());
            error.UseFilter(new ErrorTransportFilter());
        });
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator broker)
        {
            endpointConfigurator.PrefetchCount = 2 * _concurrency;
            endpointConfigurator.ConcurrentMessageLimit = _concurrency;
            broker.DeclareWith(BrokerTopology.QuorumArguments());
        }
        else
        {
            endpointConfigurator.PrefetchCount = OpenInMemory;
            endpointConfigurator.ConcurrentMessageLimit = OpenInMemory;
        }
    }
}
