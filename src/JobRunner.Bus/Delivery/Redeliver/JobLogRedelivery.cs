using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery.Redeliver;

/// <summary>How one delivery of a log is redelivered.</summary>
internal sealed class JobLogRedelivery(
    ConsumeContext<JobLogRecorded> context, RedeliveryPolicy policy, ILogDelay delays, DeliveryGate gate, DeliveryMetrics metrics, TimeProvider time, ILogger logger)
    : IRedelivery
{
    private readonly DateTimeOffset _begun = time.GetUtcNow();
    private readonly DeliveryHistory _history = delays.HistoryOf(context);
    private Redelivery? _next;

    /// <inheritdoc/>
    public TimeSpan? DelayAfter(Exception error)
    {
        var log = context.Message;
        var now = time.GetUtcNow();
        var othersGotThrough = gate.GotThroughSince(_history.RedeliveredAt ?? _begun);
        _next = policy.Next(_history, _begun, now, othersGotThrough, (error as RetryableDeliveryException)?.RetryAfter);
        if (_next is null)
        {
            logger.JobLogDeadLettered(log.RequestId, log.JobId, log.Try, now - (_history.FirstTriedAt ?? _begun), error.Reason());
            return null;
        }

        logger.JobLogRedelivered(log.RequestId, log.JobId, log.Try, _next.Value.Delay, error.Reason());
        metrics.Redelivered(WaitSteps.NameOf(_next.Value.Delay));
        return _next.Value.Delay;
    }

    /// <inheritdoc/>
    public Task ScheduleRedelivery(TimeSpan delay, Action<ConsumeContext, SendContext>? callback = null) =>
        delays.KeepAsync(context, delay, _next?.History ?? _history);
}
