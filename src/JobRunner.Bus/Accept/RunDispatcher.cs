using JobRunner.Bus.Accept.Refuse;
using JobRunner.Bus.Accept.Stop;
using JobRunner.Bus.Accept.Wait;
using JobRunner.Bus.Runners;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Accept;

/// <summary>
/// Decides what a delivered command means here: a run to start, a run that lives here already, a run that was stopped
/// meanwhile, or one that is not due yet.
/// </summary>
internal sealed class RunDispatcher(
    RunnerRepo repo, RunStarter starter, CrashResumer resumer, IRunRelay relay, StopBook stops, StoppedCommands stopped, TimeProvider time, ILogger<RunDispatcher> logger)
{
    // The broker has its own clock: a run that comes back this much early is not sent to wait again.
    private static readonly TimeSpan EarlyEnough = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan StopsArriveWithin = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the delivery may be acknowledged.</summary>
    /// <exception cref="RefusedException">Another run of the job lives here.</exception>
    /// <exception cref="OperationCanceledException">The delivery was lost; the run, if any, lives on.</exception>
    public async Task RunAsync(CommandDelivery delivery, CancellationToken lost)
    {
        var command = delivery.Command;
        using var scope = logger.ForJob(command);
        while (true)
        {
            // In this order: a waiting run that is stopped is settled before it is let go of.
            repo.TryGet(new RunnerKey(command.RequestId, command.Job.Id), out var held);
            if (stops.IsSettled(delivery.Leg.Id))
            {
                AcceptLog.DeliveryDropped(logger, "it was stopped while it waited, and its scheduler was told");
                return;
            }

            if (NotDueYet(delivery) is { } left)
            {
                var (next, leg) = delivery.ToSendOn();
                await relay.SendOnAsync(next, leg, left);
                return;
            }

            switch (held)
            {
                case LiveRun live when live.IsSame(delivery):
                    AcceptLog.DeliveryJoins(logger);
                    await live.Over.WaitAsync(lost);
                    return;

                case LiveRun live when await EndsSoonAsync(live, lost):
                    await live.Over.WaitAsync(lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    lost.ThrowIfCancellationRequested();
                    continue;

                case LiveRun live:
                    throw new RefusedException(
                        $"job {command.Job.Id} of request {command.RequestId} runs here already, from totalTries "
                        + $"{live.Delivery.Command.TotalTries}; this command has totalTries {command.TotalTries}",
                        tellScheduler: false);

                case ParkedRun parked when parked.Leg != delivery.Leg.Id && command.TotalTries < parked.TotalTries:
                    AcceptLog.DeliveryDropped(logger, "the run has gone on since");
                    return;

                case ParkedRun parked when parked.Leg != delivery.Leg.Id:
                    throw new RefusedException(
                        $"job {command.Job.Id} of request {command.RequestId} waits here for its next try, from totalTries "
                        + $"{parked.TotalTries}; this command has totalTries {command.TotalTries}",
                        tellScheduler: false);

                case ParkedRun parked when !parked.TryTakeUp():
                    await parked.StopAsync().WaitAsync(lost);
                    continue;
            }

            if (delivery.Redelivered)
            {
                if (await resumer.ResumeAsync(delivery, lost) is not { } resumed)
                {
                    return;
                }

                delivery = resumed;
                command = delivery.Command;
                continue;
            }

            if (stops.Find(command.RequestId, command.Job.Id, delivery.SentAt) is { } stop)
            {
                await stopped.TellAsync(delivery, stop);
                if (held is not null)
                {
                    starter.Forget(held);
                }

                return;
            }

            if (await starter.TryStartAsync(delivery, held, lost) is { } over)
            {
                await over.WaitAsync(lost);
                return;
            }
        }
    }

    /// <summary>
    /// A resume can overtake the stop it follows, or the end of the run before it: they come on queues of their own.
    /// </summary>
    private async Task<bool> EndsSoonAsync(LiveRun live, CancellationToken lost)
    {
        await live.Ending.WaitAsync(StopsArriveWithin, time, lost).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lost.ThrowIfCancellationRequested();
        return live.Ending.IsCompleted;
    }

    private TimeSpan? NotDueYet(CommandDelivery delivery) =>
        delivery.DueAt - time.GetUtcNow() is { } left && left > EarlyEnough ? left : null;
}
