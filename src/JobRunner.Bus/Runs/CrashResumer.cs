using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Record;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Runs;

/// <summary>Looks a redelivered command up in the journal and does what <see cref="CrashResume"/> decides.</summary>
internal sealed class CrashResumer(
    IJobJournal journal, IJobLogSink logs, JobFinishedPublisher finished, WorkerMetrics metrics, IOptions<WorkerOptions> options, TimeProvider time, ILogger<CrashResumer> logger)
{
    /// <summary>The delivery as its run goes on; <see langword="null"/> when there is nothing left to run.</summary>
    /// <exception cref="RefusedException">The job has killed its workers too often; its scheduler has been told.</exception>
    public async Task<CommandDelivery?> ResumeAsync(CommandDelivery delivery, CancellationToken lost)
    {
        var command = delivery.Command;
        switch (await TakeOverAsync(delivery, lost))
        {
            case Resumption.GoOn poison when poison.Starts >= options.Value.CrashBudget:
                await FailForGoodAsync(poison.Delivery, poison.Starts);
                throw new RefusedException(DiedTimes(poison.Starts), tellScheduler: false);

            case Resumption.GoOn resumed:
                var next = resumed.Delivery.Command;
                AcceptLog.RunResumed(logger, next.PrevTries, next.TotalTries);
                await journal.KeepStartAsync(delivery.Key);
                metrics.RunResumed();
                return resumed.Delivery with { Redelivered = false };

            case Resumption.Tell tell:
                await finished.PublishAsync(command, tell.Result, lost);
                AcceptLog.RunEnded(logger, tell.Result.FinalState.ToSeedName(), tell.Result.Tries);
                return null;

            case var over:
                if (over is Resumption.TellAgain { IsLogLost: true } ended)
                {
                    AcceptLog.LogLost(logger, ended.News.Finished.TotalTries);
                    await logs.RecordAsync(LostLog.For(command, ended.News), lost);
                }

                await DropAsync(over, lost);
                return null;
        }
    }

    /// <summary>Whether the run of this command has ended or gone on since; then there is nothing left to do for it.</summary>
    public async Task<bool> IsOverAsync(CommandDelivery delivery, CancellationToken lost)
    {
        var entries = await ReadAsync(delivery, lost);
        var decided = CrashResume.Decide(delivery, entries);
        if (decided is not (Resumption.TellAgain or Resumption.Drop))
        {
            return false;
        }

        await DeliverLastAsync(delivery, entries, lost);

        // Nobody was asked whether its worker lives: a log that is missing may still be on its way.
        await DropAsync(decided, lost);
        return true;
    }

    /// <summary>
    /// How a run ends that no worker can run, with the counters and the data of what was logged; <see langword="null"/> when its end
    /// was told, or it has gone on since.
    /// </summary>
    public async Task<(RunJob Command, Return Result)?> FailedAsync(CommandDelivery delivery, string error, CancellationToken lost) =>
        await TakeOverAsync(delivery, lost) switch
        {
            Resumption.GoOn { Delivery: { Command: var command, Leg: var leg } } => (command, new Return(command.JobDataText)
            {
                FinalState = JobState.Fail,
                Tries = leg.TriesBefore,
                Next = new TryCounters(command.PrevTries, command.TotalTries),
                Error = error,
            }),
            Resumption.Tell tell => (delivery.Command, tell.Result),
            _ => null,
        };

    private async Task<Resumption> TakeOverAsync(CommandDelivery delivery, CancellationToken lost)
    {
        var entries = await ReadAsync(delivery, lost);
        await DeliverLastAsync(delivery, entries, lost);
        return CrashResume.Decide(delivery, entries);
    }

    /// <summary>A broker that is killed can have a log in the journal that it does not have in its queue.</summary>
    private Task DeliverLastAsync(CommandDelivery delivery, IReadOnlyList<JournalEntry> entries, CancellationToken lost) =>
        CrashResume.NotKnownToBeDelivered(delivery, entries) is { } log ? journal.DeliverAsync(log, lost) : Task.CompletedTask;

    private async Task<IReadOnlyList<JournalEntry>> ReadAsync(CommandDelivery delivery, CancellationToken lost) =>
        await SinceItWasSentOnAsync(delivery, lost) ?? await journal.ReadAsync(delivery.Key, SinceCommand(delivery), lost);

    /// <summary>
    /// A leg carries the run's counters and data, so only what came after it matters. It is in the journal itself: where a reading finds
    /// it, no clock was wrong about when it was sent; <see langword="null"/> where one does not.
    /// </summary>
    private async Task<IReadOnlyList<JournalEntry>?> SinceItWasSentOnAsync(CommandDelivery delivery, CancellationToken lost)
    {
        if (delivery is not { Leg.Id: { } leg, DueAt: { } dueAt })
        {
            return null;
        }

        var sentOn = dueAt - RetryDelay.Before(delivery.Command);
        if (sentOn <= SinceCommand(delivery) || !SaysWhereToLook(sentOn))
        {
            return null;
        }

        var found = await journal.ReadAsync(delivery.Key, sentOn, lost);
        return found.Any(entry => entry is RunSentOn own && own.Leg == leg) ? found : null;
    }

    /// <summary>From when on the journal may know of the run; unknown for all that it holds.</summary>
    private DateTimeOffset? SinceCommand(CommandDelivery delivery) =>
        delivery.Leg.SeenAt ?? (delivery.SentAt is { } stated && SaysWhereToLook(stated) ? stated : null);

    private bool SaysWhereToLook(DateTimeOffset at) => StatedTimes.SaysWhereToLook(at, time.GetUtcNow(), options.Value.JournalRetention);

    private async Task DropAsync(Resumption over, CancellationToken lost)
    {
        if (over is Resumption.TellAgain again)
        {
            await finished.PublishAsync(again.News, lost);
            AcceptLog.DeliveryDropped(logger, "the run has ended; its scheduler is told again");
        }
        else
        {
            AcceptLog.DeliveryDropped(logger, "the run has gone on since");
        }
    }

    private async Task FailForGoodAsync(CommandDelivery delivery, int times)
    {
        var command = delivery.Command;
        var error = DiedTimes(times);
        await logs.RecordAsync(NoTryLog.For(command, error));
        await finished.PublishAsync(command, NoTryLog.ReturnFor(command, error) with { Tries = delivery.Leg.TriesBefore });
        metrics.RunPoisoned();
        AcceptLog.RunPoisoned(logger, error);
    }

    private static string DiedTimes(int times) => $"worker died {times} times while it ran this try; the job is not run again";
}
