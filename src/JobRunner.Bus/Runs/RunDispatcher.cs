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

    private readonly HeldRuns _held = new(resumer, time, logger);

    /// <summary>Returns when the delivery may be acknowledged.</summary>
    /// <exception cref="RefusedException">Another run of the job lives here.</exception>
    /// <exception cref="RunAbandonedException">The run was abandoned here.</exception>
    /// <exception cref="OperationCanceledException">The delivery was lost; the run, if any, lives on.</exception>
    public async Task RunAsync(CommandDelivery delivery, CancellationToken lost)
    {
        using var scope = logger.ForJob(delivery.Command);
        using var notStarted = CancellationTokenSource.CreateLinkedTokenSource(lost, drain.Begun);
        var redelivered = delivery.Redelivered || leases.MayComeTwice(delivery);
        using var handling = new Handling(delivery with
        {
            Order = StatedTimes.InEarnest(delivery.SentAt, time.GetUtcNow()),
            Redelivered = redelivered,
            WasRedelivered = redelivered,
        });
        try
        {
            while (!await IsDoneAsync(handling, lost, notStarted.Token))
            {
                // What was held, or known of it, has changed: look again.
            }
        }
        catch (OperationCanceledException) when (drain.Begun.IsCancellationRequested && !lost.IsCancellationRequested)
        {
            AcceptLog.CommandRequeued(logger);
            await RequeueAsync(handling.Arrived, TimeSpan.Zero);
        }
    }

    /// <summary>One look at it, from top to bottom.</summary>
    /// <param name="it">The command.</param>
    /// <param name="lost">The delivery was lost.</param>
    /// <param name="notStarted">It was lost, or this worker takes no new work.</param>
    /// <returns>Whether it may be acknowledged.</returns>
    private async Task<bool> IsDoneAsync(Handling it, CancellationToken lost, CancellationToken notStarted)
    {
        var delivery = it.Delivery;
        // In this order: a waiting run that is stopped is settled before it is dropped.
        repo.TryGet(delivery.Key, out var held);
        if (stops.IsSettled(delivery.Leg.Id))
        {
            AcceptLog.DeliveryDropped(logger, "it was stopped while it waited, and its scheduler was told");
            return true;
        }

        var stop = stops.Find(delivery.Key.RequestId, delivery.Key.JobId, delivery.Order, delivery.Leg.SeenAt);
        if (stop is null && NotDueYet(delivery) is { } left)
        {
            return await RequeueAsync(delivery, left);
        }

        switch (await _held.MeetAsync(held, delivery, lost, notStarted))
        {
            case Meeting.Done:
                return true;
            case Meeting.LookAgain:
                return false;
        }

        if (delivery.Redelivered)
        {
            return await TakeOverAsync(it, notStarted);
        }

        if (stop is not null)
        {
            return await TellStoppedAsync(delivery, stop, held);
        }

        await MayStartAsync(notStarted);
        if (it.Claim is { HasYielded: true })
        {
            return await RequeueAsync(it.Arrived, it.LookAgainIn);
        }

        if (it.Arrived is { Redelivered: false, Leg.SeenAt: null, SentAt: { } stated }
            && !StatedTimes.SaysWhereToLook(stated, time.GetUtcNow(), options.Value.JournalRetention))
        {
            return await SendOnAsSeenNowAsync(delivery, stated);
        }

        return await StartAsync(it, held, lost, notStarted);
    }

    private async Task MayStartAsync(CancellationToken notStarted)
    {
        await leases.InContactAsync(notStarted);
        await hearing.HearsAsync(notStarted);
    }

    /// <summary>Its worker may have died, or be cut off and still run it.</summary>
    private async Task<bool> TakeOverAsync(Handling it, CancellationToken notStarted)
    {
        // Before the look-up: what it finds would be old by the time a run may start.
        await MayStartAsync(notStarted);
        if (it.Claim is null)
        {
            (it.Claim, it.LookAgainIn) = await leases.ClaimAsync(it.Delivery, notStarted);
        }

        if (it.Claim is null)
        {
            return await RequeueAsync(it.Arrived, it.LookAgainIn);
        }

        if (await resumer.ResumeAsync(it.Delivery, notStarted) is not { } resumed)
        {
            return true;
        }

        it.Delivery = resumed;
        return false;
    }

    private async Task<bool> TellStoppedAsync(CommandDelivery delivery, StopOrder stop, IRunner? held)
    {
        await stopped.TellAsync(delivery, stop);
        if (held is not null)
        {
            starter.Forget(held);
        }

        return true;
    }

    /// <summary>Should its worker die, nobody would know where to look for its run: it goes on with the time at which it was seen.</summary>
    private async Task<bool> SendOnAsSeenNowAsync(CommandDelivery delivery, DateTimeOffset stated)
    {
        var now = time.GetUtcNow();
        AcceptLog.TimeOfNoUse(logger, stated, now);
        var (next, leg) = delivery.ToSendOn();
        await relay.SendOnAsync(next, leg with { SeenAt = now }, TimeSpan.Zero);
        return true;
    }

    private async Task<bool> StartAsync(Handling it, IRunner? held, CancellationToken lost, CancellationToken notStarted)
    {
        if (await starter.TryStartAsync(it.Delivery, held, it.Claim, notStarted) is not { } over)
        {
            return false;
        }

        await leases.StartedAsync(it.Delivery, lost);
        it.Claim?.Dispose();
        await over.WaitAsync(lost);
        return true;
    }

    /// <summary>One that was delivered before keeps its mark: whoever gets it asks and looks it up. Any other goes on as a leg of its own.</summary>
    private async Task<bool> RequeueAsync(CommandDelivery delivery, TimeSpan wait)
    {
        if (delivery.Redelivered)
        {
            await relay.RequeueAsync(delivery, wait);
            return true;
        }

        var (next, leg) = delivery.ToSendOn();
        await relay.SendOnAsync(next, leg, wait);
        return true;
    }

    /// <summary>
    /// What is left of its wait. Clocks of workers differ: where one says when the run is due, it waits no longer than between two tries.
    /// </summary>
    private TimeSpan? NotDueYet(CommandDelivery delivery)
    {
        var left = delivery.Leg.WaitLeft ?? delivery.DueAt - time.GetUtcNow();
        if (delivery.Leg.WaitLeft is null && left > EarlyEnough && RetryDelay.Before(delivery.Command) is var longest && left > longest)
        {
            left = longest;
        }

        return left > EarlyEnough ? left : null;
    }

    /// <summary>A command while it is decided what it means.</summary>
    private sealed class Handling(CommandDelivery arrived) : IDisposable
    {
        /// <summary>As it arrived.</summary>
        public CommandDelivery Arrived { get; } = arrived;

        /// <summary>As its run goes on.</summary>
        public CommandDelivery Delivery { get; set; } = arrived;

        public RunClaim? Claim { get; set; }

        public TimeSpan LookAgainIn { get; set; }

        public void Dispose() => Claim?.Dispose();
    }
}
