using JobRunner.Bus.Contracts;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>Starts a chain. One that is known already is left as it is.</summary>
internal sealed class RunChainConsumer(ChainService chains, StorePatience patience) : IConsumer<JobChain>
{
    public Task Consume(ConsumeContext<JobChain> context) =>
        patience.RunAsync(context, token => chains.RunAsync(context.Message, token));
}

internal sealed class RunChainConsumerDefinition(IOptions<ChainsOptions> options)
    : ChainConsumerDefinition<RunChainConsumer, JobChain>(ChainNames.RunChain, options);
