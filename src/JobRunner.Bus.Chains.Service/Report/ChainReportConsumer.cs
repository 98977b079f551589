using JobRunner.Bus.Chains.Service.Consumers;
using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Delivery.RequestManager;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Report;

/// <summary>Takes the end of a chain to the Request Manager. It throws when that did not take it; what follows is in the definition.</summary>
internal sealed class ChainReportConsumer(RequestManagerChains requestManager, IHostApplicationLifetime lifetime) : IConsumer<ChainFinished>
{
    public async Task Consume(ConsumeContext<ChainFinished> context)
    {
        using var given = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        try
        {
            await requestManager.FinishAsync(context.Message, given.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested && CommandChannel.Requeue(context))
        {
            // Another instance tells it, or this one after its next start.
        }
    }
}

/// <summary>What becomes of an end that the Request Manager did not take: told again at once, delivered again later, kept for a person.</summary>
internal sealed class ChainReportConsumerDefinition(IOptions<ChainsOptions> options)
    : ChainConsumerDefinition<ChainReportConsumer, ChainFinished>(ChainNames.Report, options)
{
    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<ChainReportConsumer> consumerConfigurator, IRegistrationContext context)
    {
        base.ConfigureConsumer(endpointConfigurator, consumerConfigurator, context);
        consumerConfigurator.Message<ChainFinished>(end =>
        {
            end.UseFilter(ActivatorUtilities.CreateInstance<ChainReportRedeliveryFilter>(context));
            end.UseDelayedRedelivery(new RedeliveryRetryPolicy());
        });
        var attempts = context.GetRequiredService<IOptions<RequestManagerOptions>>().Value;
        if (attempts.Attempts > 1)
        {
            consumerConfigurator.UseMessageRetry(retry =>
            {
                retry.Handle<RetryableDeliveryException>(error => !error.StoreIsDown && !(error.RetryAfter > attempts.AttemptDelay));
                retry.Interval(attempts.Attempts - 1, attempts.AttemptDelay);
            });
        }
    }
}
