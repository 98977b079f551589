using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Topology;
using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Refusals;

/// <summary>
/// Sees a message of <c>queue</c> into its error queue; what follows in the pipe tells of it. One that the error queue does not take goes
/// behind all others of its queue: quorum queues deliver what is requeued before all else, so it would come at once, and hold the others up.
/// </summary>
internal sealed class ErrorQueueFilter(string queue, IServiceProvider services, UntilAccepted until, ILogger<ErrorQueueFilter> logger)
    : IFilter<ExceptionReceiveContext>
{
    // Its slot must not be held for longer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    public async Task Send(ExceptionReceiveContext context, IPipe<ExceptionReceiveContext> next)
    {
        var errors = context.GetPayload<IErrorTransport>();
        try
        {
            await WithinPatienceAsync("a message for an error queue", errors.Send, context);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested && context.TryGetPayload<RabbitMqBasicConsumeContext>(out _))
        {
            AcceptLog.NotKept(logger, Names.ErrorQueue(queue), Patience, queue);
            await WithinPatienceAsync("a requeued message", PutLastAsync, context);
            return;
        }

        await next.Send(context);
    }

    private async Task WithinPatienceAsync(string what, Func<ExceptionReceiveContext, Task> send, ExceptionReceiveContext context)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        patience.CancelAfter(Patience);
        await until.RunAsync(what, token => send(context).WaitAsync(token), patience.Token);
    }

    private Task PutLastAsync(ExceptionReceiveContext context)
    {
        var properties = RedeliveryHeaders.WithHistory(context.GetPayload<RabbitMqBasicConsumeContext>().Properties, DeliveryHistory.None);
        properties.Headers![WorkerHeaders.DeliveredBefore] = "yes";
        return services.GetRequiredService<BrokerLink>().PublishAsync("", queue, properties, context.Body.GetBytes(), mandatory: true, context.CancellationToken);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("errorQueue");
}
