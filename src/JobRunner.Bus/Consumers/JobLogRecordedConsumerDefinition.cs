using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// What becomes of a log that its store did not take, from the inside out: tried again at once (retry), held while the store is
/// down (gate), delivered again later (redelivery), kept for a person (error queue).
/// </summary>
internal sealed class JobLogRecordedConsumerDefinition : ConsumerDefinition<JobLogRecordedConsumer>
{
    // In memory a publisher waits for an endpoint that is full: jobs would wait for the store.
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
        endpointConfigurator.ReadJson<JobLogRecorded>();
        var broker = endpointConfigurator as IRabbitMqReceiveEndpointConfigurator;
        broker?.DeclareWith(BrokerTopology.QuorumArguments());
        endpointConfigurator.PrefetchCount = broker is null ? OpenInMemory : 2 * _concurrency;
        endpointConfigurator.ConcurrentMessageLimit = broker is null ? OpenInMemory : _concurrency;

        var (gate, underWay) = (context.GetRequiredService<DeliveryGate>(), context.GetRequiredService<UnderWay>());
        consumerConfigurator.Message<JobLogRecorded>(log =>
        {
            log.UseFilter(ActivatorUtilities.CreateInstance<RedeliveryFilter>(context));
            log.UseDelayedRedelivery(new RedeliveryRetryPolicy());
            log.UseFilter(ActivatorUtilities.CreateInstance<GateFilter>(context));
            log.UseConcurrencyLimit(_concurrency);
        });
        var attempts = context.GetRequiredService<IOptions<RequestManagerOptions>>().Value;
        if (attempts.Attempts > 1)
        {
            consumerConfigurator.UseMessageRetry(retry =>
            {
                // While the store is down one attempt tells enough; and it is left alone for as long as it asks.
                retry.Handle<Exception>(error => !gate.IsShut && !underWay.Ending.IsCancellationRequested && error is not PermanentDeliveryException
                    && !((error as RetryableDeliveryException)?.RetryAfter > attempts.AttemptDelay));
                retry.Interval(attempts.Attempts - 1, attempts.AttemptDelay);
            });
        }

        endpointConfigurator.ConfigureError(error =>
        {
            error.UseFilter(new NotRedeliveredFilter());
            error.UseFilter(new ReasonFilter());
            error.UseFilter(ActivatorUtilities.CreateInstance<ErrorQueueFilter>(context, Names.JobLogRecorded));
        });
    }
}
