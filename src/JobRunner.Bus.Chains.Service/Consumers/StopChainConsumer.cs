using JobRunner.Bus.Contracts;
using MassTransit;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Consumers;

/// <summary>Stops a chain. A stop that overtook its chain on the way waits a little for it; then there is nothing to stop.</summary>
internal sealed class StopChainConsumer(ChainService chains, StorePatience patience, TimeProvider time) : IConsumer<StopChain>
{
    private static readonly TimeSpan[] ChainsArriveWithin = [TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), TimeSpan.Zero];

    public async Task Consume(ConsumeContext<StopChain> context)
    {
        foreach (var wait in ChainsArriveWithin)
        {
            var known = false;
            if (!await patience.RunAsync(context, async token => known = await chains.StopAsync(context.Message.RequestId, token)) || known)
            {
                return;
            }

            await Task.Delay(wait, time, context.CancellationToken);
        }
    }
}

internal sealed class StopChainConsumerDefinition(IOptions<ChainsOptions> options)
    : ChainConsumerDefinition<StopChainConsumer, StopChain>(ChainNames.StopChain, options);
