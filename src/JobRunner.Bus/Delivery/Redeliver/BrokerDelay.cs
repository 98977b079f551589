using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>Keeps deliveries in the broker: in a queue per delay, whose messages expire and dead-letter back. The body goes on byte for byte.</summary>
internal sealed class BrokerDelay(BrokerLink link, BrokerTopology topology, UntilAccepted until, ILogger<BrokerDelay> logger)
{
    // A connection that is lost takes the delivery with it; this is for a queue that is lost by itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Keeps a delivery in a delay queue, with this history. Returns once it is safe.</summary>
    public async Task KeepAsync(ConsumeContext context, QueuePart queue, DeliveryHistory history)
    {
        var properties = RedeliveryHeaders.WithHistory(
            context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var received) ? received.Properties : null, history);
        var body = context.ReceiveContext.Body.GetBytes();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await until.RunAsync("a message to be redelivered", async attempt =>
            {
                await topology.EnsureAsync(queue, attempt);
                try
                {
                    await link.PublishAsync("", queue.Name, properties, body, mandatory: true, attempt);
                }
                catch
                {
                    // Returned as unroutable when somebody deleted the queue: ask the broker anew next time.
                    topology.ForgetWaitQueues();
                    throw;
                }
            }, patience.Token);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            // A queue can be out of service while others work. The message goes back to its own queue.
            logger.DelayQueueTakesNothing(queue.Name, Patience);
            throw;
        }
    }
}
