using System.Diagnostics;
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
/// Delivers one job log. While the store as a whole is down, the delivery waits at the gate. A log that fails while others get
/// through is put off, for longer and longer. What the store refuses for good, and what was put off for long enough, goes to
/// the error queue with the reason in a header: nothing is dropped.
/// </summary>
internal sealed class JobLogRecordedConsumer(
    IJobLogStore store,
    DeliveryGate gate,
    UnderWay underWay,
    RedeliveryPolicy policy,
    IRedelivery redelivery,
    DeliveryMetrics metrics,
    TimeProvider time,
    ILogger<JobLogRecordedConsumer> logger) : IConsumer<JobLogRecorded>
{
    public async Task Consume(ConsumeContext<JobLogRecorded> context)
    {
        var log = context.Message;
        using var span = MessageSpans.Process(context, Names.JobLogRecorded).Of(log.RequestId, log.JobId, log.Type)?.SetTag(JobTraces.TryKey, log.Try);
        await span.WatchAsync(() => ConsumeAsync(context, span));
    }

    private async Task ConsumeAsync(ConsumeContext<JobLogRecorded> context, Activity? span)
    {
        using var counted = underWay.Begin();
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, underWay.Ending);
        using var send = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, underWay.Ended);
        var history = redelivery.HistoryOf(context);
        if (history.FirstTriedAt is not null)
        {
            span?.SetTag(MessageSpans.Redelivered, true);
        }

        try
        {
            while (await DeliverAsync(context.Message, history, wait.Token, send.Token) is { } putOff)
            {
                history = putOff.History;
                span?.SetStatus(ActivityStatusCode.Error).SetTag("jobrunner.delay", WaitSteps.NameOf(putOff.Delay));
                if (!await redelivery.PutOffAsync(context, putOff, wait.Token))
                {
                    return;
                }
            }

            span?.SetStatus(ActivityStatusCode.Unset);
        }
        catch (OperationCanceledException) when (underWay.Ending.IsCancellationRequested && !context.CancellationToken.IsCancellationRequested)
        {
            await redelivery.PutBackAsync(context);
        }
    }

    /// <summary>Goes to the store until the log is there or should be put off.</summary>
    /// <returns>How it is put off; none when it is delivered.</returns>
    private async Task<PutOff?> DeliverAsync(JobLogRecorded log, DeliveryHistory history, CancellationToken waitToken, CancellationToken sendToken)
    {
        var begun = time.GetUtcNow();
        while (true)
        {
            using var pass = await gate.EnterAsync(LeftOf(redelivery.LongestHold, begun), waitToken);
            if (pass is null)
            {
                return new PutOff(TimeSpan.Zero, history);
            }

            if (await TryAsync(log, pass, sendToken) is not { } error)
            {
                return null;
            }

            var verdict = pass.Failed(error, begun);
            if (verdict.OwnTrouble || !(error.StoreIsDown || !verdict.OthersWait))
            {
                return PutOff(log, history, begun, verdict.OwnTrouble, error);
            }
        }
    }

    private async Task<RetryableDeliveryException?> TryAsync(JobLogRecorded log, GatePass pass, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        try
        {
            var outcome = await (pass.IsProbe ? store.PutOnceAsync(log, cancellationToken) : store.PutAsync(log, cancellationToken));
            pass.GotThrough();
            metrics.Ended(outcome == DeliveryOutcome.Stored ? "stored" : "already_there", Stopwatch.GetElapsedTime(started));
            metrics.Stored(log);
            return null;
        }
        catch (PermanentDeliveryException error)
        {
            if (error.Status is not null)
            {
                // A no is an answer: the store works.
                pass.GotThrough();
            }

            metrics.Ended("refused", Stopwatch.GetElapsedTime(started));
            throw;
        }
        catch (RetryableDeliveryException error)
        {
            metrics.Ended("failed", Stopwatch.GetElapsedTime(started));
            return error;
        }
    }

    private PutOff PutOff(JobLogRecorded log, DeliveryHistory history, DateTimeOffset begun, bool ownTrouble, RetryableDeliveryException error)
    {
        var now = time.GetUtcNow();
        var own = ownTrouble || (history.PutOffAt is { } putOffAt && gate.GotThroughSince(putOffAt));
        if (policy.Next(history, begun, now, own, error.RetryAfter) is not { } putOff)
        {
            logger.JobLogGivenUp(log.RequestId, log.JobId, log.Try, now - (history.FirstTriedAt ?? begun), error.Message);
            throw error;
        }

        logger.JobLogPutOff(log.RequestId, log.JobId, log.Try, putOff.Delay, error.Message);
        metrics.PutOff(WaitSteps.NameOf(putOff.Delay));
        return putOff;
    }

    private TimeSpan LeftOf(TimeSpan hold, DateTimeOffset begun)
    {
        if (hold == Timeout.InfiniteTimeSpan)
        {
            return hold;
        }

        var left = begun + hold - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
