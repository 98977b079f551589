using JobRunner.Bus.Contracts;
using JobRunner.Bus.Errors;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;
using MassTransit.Middleware;

namespace JobRunner.Bus.Report;

internal sealed class JobLogRecordedConsumerDefinition : ConsumerDefinition<JobLogRecordedConsumer>
{
    // One Request Manager takes its 1,400 to 2,000 logs a second from 8 connections on; more only queue there.
    private const int PostsAtOnce = 32;

    public JobLogRecordedConsumerDefinition()
    {
        EndpointName = Names.JobLogRecorded;
        ConcurrentMessageLimit = PostsAtOnce;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<JobLogRecordedConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.PublishFaults = false;
        endpointConfigurator.PrefetchCount = 2 * PostsAtOnce;
        endpointConfigurator.ConcurrentMessageLimit = PostsAtOnce;
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
            broker.DeclareWith(BrokerTopology.QuorumArguments());
        }
    }
}
