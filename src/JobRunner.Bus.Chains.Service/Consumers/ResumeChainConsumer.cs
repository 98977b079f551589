using JobRunner.Bus.Contracts;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>Goes on with a suspended chain. One that is known already is left as it is.</summary>
internal sealed class ResumeChainConsumer(ChainService chains, StorePatience patience) : IConsumer<SuspendedJobChain>
{
    public Task Consume(ConsumeContext<SuspendedJobChain> context) =>
        patience.RunAsync(context, token => chains.ResumeAsync(context.Message, token));
}

internal sealed class ResumeChainConsumerDefinition(IOptions<ChainsOptions> options)
    : ChainConsumerDefinition<ResumeChainConsumer, SuspendedJobChain>(ChainNames.ResumeChain, options);
