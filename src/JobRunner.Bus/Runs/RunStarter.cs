using System.Diagnostics.CodeAnalysis;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Runs;

/// <summary>Starts runs and sees each to its end, or to where it goes on.</summary>
[SuppressMessage("Design", "CA1001", Justification = "Runs and timers of parked ones may come back to it after the host has ended.")]
internal sealed class RunStarter(
    RunnerRepo repo,
    RunnerFactory factory,
    JobFinishedPublisher finished,
    RunEndPublisher ends,
    IRunRelay relay,
    IStopNotes notes,
    StopBook stops,
    DrainSignal drain,
    WorkerMetrics metrics,
    IOptions<WorkerOptions> options,
    TimeProvider time,
    ILogger<RunStarter> logger)
{
    private readonly SemaphoreSlim _room = new(options.Value.MaxRunners);
    // Made once, not for each.
    private Action<ParkedRun>? _forget;
    private Func<ParkedRun, Task>? _settle;

    /// <summary>
    /// Starts a run under its key, in the place of <paramref name="parked"/> if it comes back from a wait here.
    /// </summary>
    /// <returns>
    /// A task that completes when the run is over (told to its scheduler, or safe elsewhere); <see langword="null"/> when
    /// another took the key meanwhile, or a stop came.
    /// </returns>
    public async Task<Task?> TryStartAsync(CommandDelivery delivery, IRunner? parked, RunClaim? claim, CancellationToken lost)
    {
        if (parked is null)
        {
            await _room.WaitAsync(lost);
        }

        var runner = factory.Make(delivery.Command, delivery.Leg.RunStartedAt);
        var run = new LiveRun(delivery, runner, (parked as IHeldRun)?.HeldSince ?? time.GetTimestamp());
        if (stops.TryPlace(delivery, () => parked is null ? repo.TryAdd(run) : repo.TryReplace(parked, run)))
        {
            if (drain.Begun.IsCancellationRequested)
            {
                // Begun as it was placed: the drain may not have seen it.
                runner.HandOver();
            }

            if (claim is { HasYielded: true })
            {
                // Another worker's word came while there was no room, or as it was placed.
                run.Abandon(logger);
            }

            (parked as ParkedRun)?.MarkGone();

            _ = SeeThroughAsync(run);
            return run.Over;
        }

        await runner.DisposeAsync();
        if (parked is null)
        {
            _room.Release();
        }

        return null;
    }

    /// <summary>Removes a runner and frees its room.</summary>
    public void Forget(IRunner runner)
    {
        if (repo.Remove(runner))
        {
            _room.Release();
        }

        (runner as ParkedRun)?.MarkGone();
    }

    /// <summary>Never throws: nobody waits for it, but for <see cref="LiveRun.Over"/>.</summary>
    private async Task SeeThroughAsync(LiveRun run)
    {
        try
        {
            await RunAsync(run);
            run.MarkOver();
        }
        catch (Exception error)
        {
            // First out of its place: its command may come back at once.
            Forget(run);
            // Or the process ends, and its drain could not hand the run over.
            var abandoned = error is OperationCanceledException && (run.Runner.Abandoned.IsCancellationRequested || drain.Begun.IsCancellationRequested);
            run.MarkBroken(new RunAbandonedException(abandoned ? null : error));
            metrics.RunAbandoned();
            if (abandoned)
            {
                AcceptLog.RunAbandoned(logger);
            }
            else
            {
                AcceptLog.RunBroke(logger, error);
            }
        }

        try
        {
            await run.Runner.DisposeAsync();
        }
        catch (Exception error)
        {
            AcceptLog.RunNotFreed(logger, error);
        }
    }

    private async Task RunAsync(LiveRun run)
    {
        var command = run.Delivery.Command;
        metrics.RunStarts(run.Delivery);
        AcceptLog.RunStarts(logger, command.Job.Type, command.PrevTries, command.TotalTries);
        var result = await run.Runner.RunToLastLogAsync();
        run.MarkEnding();
        if (result.End == RunEnd.Finished)
        {
            await FinishAsync(run, result);
        }
        else
        {
            await SendOnOrFailAsync(run, result);
        }
    }

    private async Task FinishAsync(LiveRun run, Return result)
    {
        var whole = result with { Tries = run.Delivery.Leg.TriesBefore + result.Tries };
        if (result.Error is { } problem)
        {
            AcceptLog.JobNotMade(logger, problem);
        }

        if (whole.LastLog is { } log)
        {
            await ends.PublishAsync(run.Delivery.Command, whole, log, run.Runner.Abandoned);
        }
        else
        {
            await finished.PublishAsync(run.Delivery.Command, whole, run.Runner.Abandoned);
        }

        Forget(run);
        metrics.RunEnded(run.Delivery.Command, result.FinalState);
        AcceptLog.RunEnded(logger, result.FinalState.ToSeedName(), whole.Tries);
    }

    private async Task SendOnOrFailAsync(LiveRun run, Return result)
    {
        try
        {
            await SendOnAsync(run, result);
        }
        catch (MessageTooLargeException error)
        {
            // Its job data has grown beyond what the broker ever takes.
            var failed = result with
            {
                FinalState = JobState.Fail,
                Tries = run.Delivery.Leg.TriesBefore + result.Tries - 1,
                Error = $"the run cannot go on: {error.Message}",
            };
            await finished.PublishAsync(run.Delivery.Command, failed, run.Runner.Abandoned);
            Forget(run);
            metrics.RunEnded(run.Delivery.Command, JobState.Fail);
            AcceptLog.RunEnded(logger, JobState.Fail.ToSeedName(), failed.Tries);
        }
    }

    private async Task SendOnAsync(LiveRun run, Return result)
    {
        var leg = run.Delivery.Leg.After(result.Tries - 1) with { RunStartedAt = UnixNanoseconds.ToDateTimeOffset(run.Status().StartedAt) };
        var next = run.Delivery.Command with
        {
            JobDataText = result.JobDataText.AsBytes(),
            PrevTries = result.Next.PrevTries,
            TotalTries = result.Next.TotalTries,
            SentAt = run.Delivery.Command.SentAt ?? run.Delivery.SentAt,
        };
        if (result.End == RunEnd.Parked)
        {
            // In its place before it is sent: a run that comes back at once must find it.
            var parked = new ParkedRun(next, run, leg, run.Status(), finished, _settle ??= SettleAsync);
            parked.Sending = run;
            repo.TryReplace(run, parked);
            parked.RetireBefore(result.Wait, time, _forget ??= Forget);
            try
            {
                await relay.SendOnAsync(next, leg, result.Wait, run.Runner.Abandoned);
                parked.Sent();
            }
            catch
            {
                Forget(parked);
                throw;
            }
        }
        else
        {
            await relay.SendOnAsync(next, leg, result.Wait, run.Runner.Abandoned);
            Forget(run);
        }

        metrics.RunSentOn(result.End);
        AcceptLog.RunSentOn(logger, result.Wait, next.PrevTries, next.TotalTries);
    }

    private async Task SettleAsync(ParkedRun parked)
    {
        await notes.SettledAsync(parked);
        Forget(parked);
    }
}
