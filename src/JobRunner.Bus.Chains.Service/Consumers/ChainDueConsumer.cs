using JobRunner.Bus.Contracts;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>The wait before a sequence is tried again is over.</summary>
internal sealed class ChainDueConsumer(ChainService chains, StorePatience patience) : IConsumer<ChainDue>
{
    public Task Consume(ConsumeContext<ChainDue> context) =>
        patience.RunAsync(context, token => chains.DueAsync(context.Message, token));
}

internal sealed class ChainDueConsumerDefinition(IOptions<ChainsOptions> options)
    : ChainConsumerDefinition<ChainDueConsumer, ChainDue>(ChainNames.Due, options);
