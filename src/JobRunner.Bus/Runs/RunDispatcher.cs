using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Leases;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Runs;

/// <summary>
/// Decides what a delivered command means here: a run to start, a run that lives here already, a run that was stopped
/// meanwhile, or one that is not due yet.
/// </summary>
internal sealed class RunDispatcher(
    RunnerRepo repo,
    RunStarter starter,
    CrashResumer resumer,
    ILeases leases,
    IRunRelay relay,
    StopBook stops,
    StopHearing hearing,
    StoppedCommands stopped,
    DrainSignal drain,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<RunDispatcher> logger)
{
    // The broker has its own clock: a run that comes back this much early is not sent to wait again.
    private static readonly TimeSpan EarlyEnough = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan StopsArriveWithin = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the delivery may be acknowledged.</summary>
    /// <exception cref="RefusedException">Another run of the job lives here.</exception>
    /// <exception cref="GivenBackException">The run was given up here.</exception>
    /// <exception cref="OperationCanceledException">The delivery was lost; the run, if any, lives on.</exception>
    public async Task RunAsync(CommandDelivery delivery, CancellationToken lost)
    {
        using var scope = logger.ForJob(delivery.Command);
        delivery = delivery with { Order = StatedTimes.InEarnest(delivery.SentAt, time.GetUtcNow()) };
        using var notStarted = CancellationTokenSource.CreateLinkedTokenSource(lost, drain.Begun);
        try
        {
            await DecideAsync(delivery, lost, notStarted.Token);
        }
        catch (OperationCanceledException) when (drain.Begun.IsCancellationRequested && !lost.IsCancellationRequested)
        {
            AcceptLog.PutBack(logger);
            await PutBackAsync(delivery, TimeSpan.Zero);
        }
    }

    /// <param name="delivery">The delivery.</param>
    /// <param name="lost">The delivery was lost.</param>
    /// <param name="notStarted">It was lost, or this worker takes no new work.</param>
    private async Task DecideAsync(CommandDelivery delivery, CancellationToken lost, CancellationToken notStarted)
    {
        var arrived = delivery;
        var key = delivery.Key;
        RunClaim? claim = null;
        var lookAgainIn = TimeSpan.Zero;
        try
        {
            while (true)
            {
                // In this order: a waiting run that is stopped is settled before it is let go of.
                repo.TryGet(key, out var held);
                if (stops.IsSettled(delivery.Leg.Id))
                {
                    AcceptLog.DeliveryDropped(logger, "it was stopped while it waited, and its scheduler was told");
                    return;
                }

                var stop = stops.Find(key.RequestId, key.JobId, delivery.Order, delivery.Leg.SeenAt);
                if (stop is null && NotDueYet(delivery) is { } left)
                {
                    await PutBackAsync(delivery, left);
                    return;
                }

                switch (await MeetAsync(held, delivery, lost, notStarted))
                {
                    case Meeting.Done:
                        return;
                    case Meeting.LookAgain:
                        continue;
                }

                if (delivery.Redelivered)
                {
                    // Before the look-up: what it finds would be old by the time a run may start.
                    await leases.InContactAsync(notStarted);
                    await hearing.HearsAsync(notStarted);
                    if (claim is null)
                    {
                        (claim, lookAgainIn) = await leases.ClaimAsync(delivery, notStarted);
                    }

                    if (claim is null)
                    {
                        await PutBackAsync(arrived, lookAgainIn);
                        return;
                    }

                    if (await resumer.ResumeAsync(delivery, notStarted) is not { } resumed)
                    {
                        return;
                    }

                    delivery = resumed;
                    continue;
                }

                if (stop is not null)
                {
                    await stopped.TellAsync(delivery, stop);
                    if (held is not null)
                    {
                        starter.Forget(held);
                    }

                    return;
                }

                await leases.InContactAsync(notStarted);
                await hearing.HearsAsync(notStarted);
                if (claim is { HasYielded: true })
                {
                    await PutBackAsync(arrived, lookAgainIn);
                    return;
                }

                if (arrived is { WasRedelivered: false, Redelivered: false, Leg.SeenAt: null, SentAt: { } stated }
                    && !StatedTimes.SaysWhereToLook(stated, time.GetUtcNow(), options.Value.JournalRetention))
                {
                    // Should its worker die, nobody would know where to look for its run: it goes on with the time at which it was seen.
                    AcceptLog.TimeOfNoUse(logger, stated, time.GetUtcNow());
                    var (next, leg) = delivery.ToSendOn();
                    await relay.SendOnAsync(next, leg with { SeenAt = time.GetUtcNow() }, TimeSpan.Zero);
                    return;
                }

                if (await starter.TryStartAsync(delivery, held, notStarted) is { } over)
                {
                    claim?.Dispose();
                    await over.WaitAsync(lost);
                    return;
                }
            }
        }
        finally
        {
            claim?.Dispose();
        }
    }

    private enum Meeting
    {
        /// <summary>Nothing is in the way: the run may start here.</summary>
        MayStart,

        /// <summary>What was held has changed.</summary>
        LookAgain,

        /// <summary>The delivery may be acknowledged.</summary>
        Done,
    }

    /// <summary>What a delivery means beside what is held here of its job.</summary>
    private async Task<Meeting> MeetAsync(IRunner? held, CommandDelivery delivery, CancellationToken lost, CancellationToken notStarted)
    {
        var command = delivery.Command;
        switch (held)
        {
            case LiveRun live when live.IsSame(delivery):
                AcceptLog.DeliveryJoins(logger);
                await live.Over.WaitAsync(lost);
                return Meeting.Done;

            case ParkedRun { Sending: { } live } when live.IsSame(delivery):
                AcceptLog.DeliveryJoins(logger);
                await live.Over.WaitAsync(lost);
                return Meeting.Done;

            case LiveRun live when await EndsSoonAsync(live, notStarted):
                await live.Over.WaitAsync(notStarted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                notStarted.ThrowIfCancellationRequested();
                return Meeting.LookAgain;

            case LiveRun when delivery.Redelivered && await resumer.IsOverAsync(delivery, notStarted):
                return Meeting.Done;

            case LiveRun live:
                throw new RefusedException(
                    $"job {command.Job.Id} of request {command.RequestId} runs here already, from totalTries "
                    + $"{live.Delivery.Command.TotalTries}; this command has totalTries {command.TotalTries}",
                    tellScheduler: false);

            case ParkedRun parked when parked.Leg != delivery.Leg.Id && command.TotalTries < parked.TotalTries:
                AcceptLog.DeliveryDropped(logger, "the run has gone on since");
                return Meeting.Done;

            case ParkedRun parked when parked.Leg != delivery.Leg.Id && await IsGoneSoonAsync(parked, notStarted):
                return Meeting.LookAgain;

            case ParkedRun parked when parked.Leg != delivery.Leg.Id:
                throw new RefusedException(
                    $"job {command.Job.Id} of request {command.RequestId} waits here for its next try, from totalTries "
                    + $"{parked.TotalTries}; this command has totalTries {command.TotalTries}",
                    tellScheduler: false);

            case ParkedRun parked when !parked.TryTakeUp():
                await parked.StopAsync().WaitAsync(notStarted);
                return Meeting.LookAgain;

            default:
                return Meeting.MayStart;
        }
    }

    /// <summary>One that was delivered before keeps its mark: whoever gets it asks and looks it up. Any other goes on as a leg of its own.</summary>
    private Task PutBackAsync(CommandDelivery delivery, TimeSpan wait)
    {
        if (delivery.Redelivered)
        {
            return relay.PutBackAsync(delivery, wait);
        }

        var (next, leg) = delivery.ToSendOn();
        return relay.SendOnAsync(next, leg, wait);
    }

    /// <summary>
    /// A resume can overtake the stop it follows, or the end of the run before it: they come on queues of their own.
    /// </summary>
    private async Task<bool> EndsSoonAsync(LiveRun live, CancellationToken notStarted)
    {
        await live.Ending.WaitAsync(StopsArriveWithin, time, notStarted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        notStarted.ThrowIfCancellationRequested();
        return live.Ending.IsCompleted;
    }

    /// <summary>
    /// The scheduler of a run that was stopped while it waited knows of its end, and may resume it, before all here do; and a worker
    /// that was frozen may still hold a run that has ended elsewhere.
    /// </summary>
    private async Task<bool> IsGoneSoonAsync(ParkedRun parked, CancellationToken notStarted)
    {
        await parked.Gone.WaitAsync(StopsArriveWithin, time, notStarted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (parked.IsStopped)
        {
            await parked.Gone.WaitAsync(notStarted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        notStarted.ThrowIfCancellationRequested();
        return parked.Gone.IsCompleted;
    }

    /// <summary>
    /// What is left of its wait. Clocks of workers differ: where one says when the run is due, it waits no longer than between two tries.
    /// </summary>
    private TimeSpan? NotDueYet(CommandDelivery delivery)
    {
        var left = delivery.Leg.WaitLeft ?? delivery.DueAt - time.GetUtcNow();
        if (delivery.Leg.WaitLeft is null && left > EarlyEnough && GoDuration.Parse(delivery.Command.Job.RetryWait).ToTimeSpan() is var longest && left > longest)
        {
            left = longest;
        }

        return left > EarlyEnough ? left : null;
    }
}
