using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>
/// Keeps logs in the broker: in a queue per delay, whose messages expire and dead-letter back to <c>job-log-recorded</c>. The
/// body goes on byte for byte, and straight to the queue: its exchange would write it to the journal once more.
/// </summary>
internal sealed class BrokerLogDelay(BrokerLink link, BrokerTopology topology, UntilAccepted until, ILogger<BrokerLogDelay> logger) : ILogDelay
{
    // A connection that is lost takes the delivery with it; this is for a queue that is lost by itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    /// <remarks>Brokers take back what is held for 30 minutes, and what is prefetched waits behind what is held.</remarks>
    public TimeSpan LongestHold { get; } = TimeSpan.FromMinutes(5);

    public DeliveryHistory HistoryOf(ConsumeContext<JobLogRecorded> context) => RedeliveryHeaders.Read(context.ReceiveContext.TransportHeaders.GetAll());

    public async Task KeepAsync(ConsumeContext<JobLogRecorded> context, TimeSpan delay, DeliveryHistory history)
    {
        var queue = Names.DelayQueue(WaitSteps.NameOf(delay));
        var properties = RedeliveryHeaders.WithHistory(
            context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var received) ? received.Properties : null, history);
        var body = context.ReceiveContext.Body.GetBytes();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await until.RunAsync("a job log to be redelivered", async attempt =>
            {
                await topology.EnsureDelayQueueAsync(delay, attempt);
                try
                {
                    await link.PublishAsync("", queue, properties, body, mandatory: true, attempt);
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
            // A queue can be out of service while others work. The log goes back to its own queue.
            logger.DelayQueueTakesNothing(queue, Patience);
            throw;
        }
    }

    public void LeftBehind(JobLogRecorded log)
    {
        // The broker has it.
    }
}
