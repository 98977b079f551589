using JobRunner.Bus.Contracts;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>Takes the ends of runs off the in-memory bus.</summary>
internal sealed class EmbeddedResultsConsumer(EmbeddedResults results) : IConsumer<JobFinished>
{
    public Task Consume(ConsumeContext<JobFinished> context) => results.FinishedAsync(context.Message, context.CancellationToken);
}

internal sealed class EmbeddedResultsConsumerDefinition : ConsumerDefinition<EmbeddedResultsConsumer>
{
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<EmbeddedResultsConsumer> consumerConfigurator, IRegistrationContext context)
    {
        endpointConfigurator.ReadJson<JobFinished>();
        // Each waits for its job's logs.
        endpointConfigurator.PrefetchCount = 10_000;
    }
}

/// <summary>Opens the embedded scheduler's queue, before the worker takes work.</summary>
internal sealed class EmbeddedResultsEndpoint(IReceiveEndpointConnector endpoints) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => endpoints.ConnectReceiveEndpoint(
        $"{Names.JobFinished}.embedded",
        (context, endpoint) => endpoint.ConfigureConsumer<EmbeddedResultsConsumer>(context)).Ready.WaitAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
