using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>
/// Keeps logs in the broker: in a queue per delay, whose messages expire and dead-letter back to <c>job-log-recorded</c>. The
/// body goes on byte for byte, and straight to the queue: its exchange would write it to the journal once more.
/// </summary>
internal sealed class BrokerRedelivery(
    BrokerLink link, BrokerTopology topology, UntilAccepted until, TimeProvider time, ILogger<BrokerRedelivery> logger) : IRedelivery
{
    // A connection that is lost takes the delivery with it; this is for a queue that is lost by itself.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private const string DefaultExchange = "";

    /// <inheritdoc/>
    /// <remarks>Brokers take back what is held for 30 minutes, and what is prefetched waits behind what is held.</remarks>
    public TimeSpan LongestHold { get; } = TimeSpan.FromMinutes(5);

    public DeliveryHistory HistoryOf(ConsumeContext context) => RedeliveryHeaders.Read(context.ReceiveContext.TransportHeaders.GetAll());

    public async Task<bool> PutOffAsync(ConsumeContext<JobLogRecorded> context, PutOff putOff, CancellationToken cancellationToken)
    {
        if (putOff.Delay <= TimeSpan.Zero)
        {
            await PutBackAsync(context);
            return false;
        }

        var queue = Names.DelayQueue(WaitSteps.NameOf(putOff.Delay));
        var properties = RedeliveryHeaders.WithHistory(Received(context), putOff.History);
        var body = context.ReceiveContext.Body.GetBytes();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await until.RunAsync(
                "a job log to be redelivered", attempt => PublishAsync(putOff.Delay, queue, properties, body, attempt), patience.Token);
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // A queue can be out of service while others work. Logs that wait for it must not block the rest for ever.
            logger.DelayQueueTakesNothing(queue, Patience);
            await Task.Delay(putOff.Delay < LongestHold ? putOff.Delay : LongestHold, time, cancellationToken);
            return true;
        }
    }

    private async Task PublishAsync(
        TimeSpan delay, string queue, BasicProperties properties, byte[] body, CancellationToken cancellationToken)
    {
        await topology.EnsureDelayQueueAsync(delay, cancellationToken);
        try
        {
            await link.PublishAsync(DefaultExchange, queue, properties, body, mandatory: true, cancellationToken);
        }
        catch
        {
            // Returned as unroutable when somebody deleted the queue: ask the broker anew next time.
            topology.ForgetWaitQueues();
            throw;
        }
    }

    public Task PutBackAsync(ConsumeContext<JobLogRecorded> context)
    {
        var properties = RedeliveryHeaders.WithHistory(Received(context), HistoryOf(context));
        var body = context.ReceiveContext.Body.GetBytes();
        return until.RunAsync(
            "a job log put back",
            attempt => link.PublishAsync(DefaultExchange, Names.JobLogRecorded, properties, body, mandatory: true, attempt),
            context.CancellationToken);
    }

    private static IReadOnlyBasicProperties? Received(ConsumeContext context) =>
        context.ReceiveContext.TryGetPayload<RabbitMqBasicConsumeContext>(out var consumed) ? consumed.Properties : null;
}
