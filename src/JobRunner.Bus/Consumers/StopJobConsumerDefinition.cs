using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Consumers;

internal sealed class StopJobConsumerDefinition : ConsumerDefinition<StopJobConsumer>
{
    private const int Prefetch = 500;

    private readonly WorkerOptions _options;
    private readonly TimeProvider _time;
    private readonly WorkerName _worker;

    public StopJobConsumerDefinition(IOptions<WorkerOptions> options, TimeProvider time, WorkerName worker)
    {
        _options = options.Value;
        _time = time;
        _worker = worker;
        EndpointName = Names.StopJob;
        ConcurrentMessageLimit = 1;
    }

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<StopJobConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ConfigureConsumeTopology = false;
        endpointConfigurator.ReadJson<StopJob>();
        endpointConfigurator.PrefetchCount = Prefetch;
        // One at a time: stops are read in the order they were sent.
        endpointConfigurator.ConcurrentMessageLimit = 1;
        endpointConfigurator.UseFilter(ActivatorUtilities.CreateInstance<WorkerEndedFilter>(context));
        endpointConfigurator.ConfigureError(error => error.UseFilter(ActivatorUtilities.CreateInstance<StopNotUnderstoodFilter>(context)));
        if (endpointConfigurator is IRabbitMqReceiveEndpointConfigurator broker)
        {
            broker.DeclareWith(BrokerTopology.StopStreamArguments(_options));
            broker.Stream(_worker.Value, stream => stream.FromTimestamp((_time.GetUtcNow() - _options.StopRetention).UtcDateTime));
        }
    }
}
