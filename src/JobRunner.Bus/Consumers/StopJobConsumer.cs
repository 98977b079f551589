using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// Takes every stop there is: notes it for commands still on their way, and stops the runners held here that it is meant
/// for. Does not wait for jobs to stop: the next stop must not either.
/// </summary>
internal sealed class StopJobConsumer(
    StopBook book,
    StopHearing hearing,
    TimelessStops timeless,
    StopSilence silence,
    RunnerRepo repo,
    StopReplies replies,
    TimeProvider time,
    ILogger<StopJobConsumer> logger) : IConsumer<StopJob>
{
    public Task Consume(ConsumeContext<StopJob> context)
    {
        silence.Heard(context.StreamOffset());
        var stop = context.Message;
        if (context.TextHeader(WorkerHeaders.CaughtUp) is { } mark)
        {
            if (hearing.Seen(mark))
            {
                foreach (var first in timeless.CaughtUp())
                {
                    Stop(first);
                }
            }
        }
        else if (context.TextHeader(WorkerHeaders.FirstSeen) is { } offset)
        {
            if (stop.SentAt is { } at && timeless.SeenAt(offset, at) is { } known)
            {
                Stop(known);
            }
        }
        else if (context.TextHeader(WorkerHeaders.Settled) is { } legs)
        {
            foreach (var leg in legs.Split(SettledLegs.Separator))
            {
                book.Settle(leg);
            }
        }
        else if (string.IsNullOrWhiteSpace(stop.RequestId))
        {
            AcceptLog.StopRefused(logger, "requestId is missing or empty");
        }
        else
        {
            var sentAt = SentAt(context);
            var order = new StopOrder(
                stop.RequestId, string.IsNullOrEmpty(stop.JobId) ? null : stop.JobId, sentAt ?? time.GetUtcNow(), context.ReplyTo())
            {
                HeardAt = hearing.Hears ? time.GetTimestamp() : null,
                Trace = TraceHeaders.Extract(context.ReceiveContext.TransportHeaders, context.Headers),
            };
            if (sentAt is not null)
            {
                Stop(order);
            }
            else if (timeless.Read(order, context.StreamOffset()) is { } counts)
            {
                Stop(counts);
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// None where it states none, or one that nobody means. An AMQP timestamp has whole seconds: where within the second is unknown, and
    /// the stop wins.
    /// </summary>
    private DateTimeOffset? SentAt(ConsumeContext<StopJob> context) =>
        StatedTimes.InEarnest(context.Message.SentAt ?? context.Timestamp()?.AddSeconds(1).AddTicks(-1), time.GetUtcNow());

    /// <summary>
    /// Clocks of two senders may differ. A run that was held here for longer than a stop is on its way was sent before it; only younger ones
    /// are told apart by the times.
    /// </summary>
    private bool IsMeant(StopOrder order, IRunner runner) =>
        runner is not IHeldRun held
        || order.AppliesTo(held.Order, held.SeenAt, time)
        || (order.HeardAt is not null && time.GetElapsedTime(held.HeldSince) > StopOrder.OnItsWay);

    private void Stop(StopOrder order)
    {
        book.Add(order);
        var meant = repo.Find(order.RequestId, order.JobId).Where(runner => IsMeant(order, runner)).ToList();
        foreach (var runner in meant)
        {
            _ = StopAsync(runner, order);
        }

        // All of them are told by now; their ends follow.
        if (meant.Count > 0)
        {
            AcceptLog.StopArrived(logger, order.RequestId, order.JobId, meant.Count);
        }
    }

    private async Task StopAsync(IRunner runner, StopOrder order)
    {
        using var span = MessageSpans.Stop(order.Trace, runner.Key, (runner as LiveRun)?.Span, (runner as IHeldRun)?.Trace ?? default);
        try
        {
            var result = await runner.StopAsync();
            while (result.Outcome == StopOutcome.MovedOn)
            {
                if (runner is LiveRun live)
                {
                    // Until then it may not be where it goes on.
                    await live.Over;
                }

                if (!repo.TryGet(runner.Key, out var next) || next == runner)
                {
                    // It went to another worker, which reads the same stop.
                    return;
                }

                runner = next;
                result = await runner.StopAsync();
            }

            if (runner is LiveRun ended)
            {
                // Until then another worker may have to run it again, and its end may be another one.
                await ended.Over;
            }

            span?.SetTag(MessageSpans.StopOutcomeKey, StopReplies.NameOf(result.Outcome)).SetTag(JobTraces.JobStateKey, result.FinalState.ToSeedName());
            await replies.SendAsync(order.ReplyTo, runner.Key, result);
        }
        catch (RunAbandonedException)
        {
            // Whoever takes the run over has read the same stop, and answers.
        }
        catch (Exception error)
        {
            span.Failed(error);
            AcceptLog.StopWentWrong(logger, runner.Key.ToString(), error);
        }
    }
}
