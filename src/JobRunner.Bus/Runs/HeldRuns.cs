using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runners;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runs;

/// <summary>What a delivery means beside what is held here of its job.</summary>
internal sealed class HeldRuns(CrashResumer resumer, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan StopsArriveWithin = TimeSpan.FromSeconds(2);

    /// <exception cref="RefusedException">Another run of the job lives or waits here.</exception>
    public async Task<Meeting> MeetAsync(IRunner? held, CommandDelivery delivery, CancellationToken lost, CancellationToken notStarted)
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

            // Also of one that was to be taken over: its run may have ended elsewhere meanwhile, and another begun here.
            case LiveRun when delivery.WasRedelivered && await resumer.IsOverAsync(delivery, notStarted):
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
}

/// <summary>What came of a delivery that met a run of its job here.</summary>
internal enum Meeting
{
    /// <summary>Nothing is in the way: the run may start here.</summary>
    MayStart,

    /// <summary>What was held has changed.</summary>
    LookAgain,

    /// <summary>The delivery may be acknowledged.</summary>
    Done,
}
