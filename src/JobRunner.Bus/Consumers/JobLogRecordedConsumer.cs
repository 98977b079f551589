using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// Takes one job log to its store. It throws when the log was not taken; what follows from that is in
/// <see cref="JobLogRecordedConsumerDefinition"/>.
/// </summary>
internal sealed class JobLogRecordedConsumer(IJobLogStore store, UnderWay underWay, DeliveryMetrics metrics, ILogger<JobLogRecordedConsumer> logger)
    : IConsumer<JobLogRecorded>
{
    public async Task Consume(ConsumeContext<JobLogRecorded> context)
    {
        var log = context.Message;
        using var span = MessageSpans.Process(context, Names.JobLogRecorded).Of(log.RequestId, log.JobId, log.Type)?.SetTag(JobTraces.TryKey, log.Try);
        if (RedeliveryHeaders.Read(context.ReceiveContext.TransportHeaders.GetAll()).Redeliveries > 0)
        {
            span?.SetTag(MessageSpans.Redelivered, true);
        }

        await span.WatchAsync(() => PutAsync(log, context.CancellationToken));
    }

    private async Task PutAsync(JobLogRecorded log, CancellationToken lost)
    {
        using var send = CancellationTokenSource.CreateLinkedTokenSource(lost, underWay.Ended);
        using var attempt = metrics.Attempt();
        try
        {
            underWay.Ending.ThrowIfCancellationRequested();
            var outcome = await store.PutAsync(log, send.Token);
            attempt.Ended(outcome == DeliveryOutcome.Stored ? "stored" : "already_there");
            metrics.Stored(log);
        }
        catch (PermanentDeliveryException error)
        {
            attempt.Ended("refused");
            logger.JobLogRefused(log.RequestId, log.JobId, log.Try, error.Message);
            throw;
        }
        catch (OperationCanceledException) when (send.IsCancellationRequested || underWay.Ending.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception error)
        {
            attempt.Ended("failed");
            logger.AttemptFailed(log.RequestId, log.JobId, log.Try, error.Reason());
            if (error.GetBaseException() is OperationCanceledException)
            {
                // A time limit of the store's own. MassTransit would take it for the end of this delivery, wherever it is inside.
                throw new RetryableDeliveryException(error.Reason());
            }

            throw;
        }
    }
}
