using JobRunner.Bus.Accept.Refuse;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Record.Journal;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Accept;

/// <summary>Looks a redelivered command up in the journal and does what <see cref="CrashResume"/> decides.</summary>
internal sealed class CrashResumer(
    IJobJournal journal, IJobLogSink logs, JobFinishedPublisher finished, IOptions<WorkerOptions> options, ILogger<CrashResumer> logger)
{
    /// <summary>The delivery as its run goes on; <see langword="null"/> when there is nothing left to run.</summary>
    /// <exception cref="RefusedException">The job has killed its workers too often; its scheduler has been told.</exception>
    public async Task<CommandDelivery?> ResumeAsync(CommandDelivery delivery, CancellationToken lost)
    {
        var command = delivery.Command;
        var job = new RunnerKey(command.RequestId, command.Job.Id);
        switch (CrashResume.Decide(delivery, await journal.ReadAsync(job, delivery.SentAt, lost)))
        {
            case Resumption.GoOn poison when poison.Starts >= options.Value.CrashBudget:
                await FailForGoodAsync(poison.Delivery, poison.Starts);
                throw new RefusedException(DiedTimes(poison.Starts), tellScheduler: false);

            case Resumption.GoOn resumed:
                var next = resumed.Delivery.Command;
                AcceptLog.RunResumed(logger, next.PrevTries, next.TotalTries);
                await journal.KeepStartAsync(job);
                return resumed.Delivery with { Redelivered = false };

            case Resumption.Tell tell:
                await finished.PublishAsync(command, tell.Result);
                AcceptLog.RunEnded(logger, tell.Result.FinalState.ToSeedName(), tell.Result.Tries);
                return null;

            case Resumption.TellAgain again:
                await finished.PublishAsync(again.Finished);
                AcceptLog.DeliveryDropped(logger, "the run has ended; its scheduler is told again");
                return null;

            default:
                AcceptLog.DeliveryDropped(logger, "the run has gone on since");
                return null;
        }
    }

    private async Task FailForGoodAsync(CommandDelivery delivery, int times)
    {
        var command = delivery.Command;
        var error = DiedTimes(times);
        await logs.RecordAsync(NoTryLog.For(command, error));
        await finished.PublishAsync(command, NoTryLog.ReturnFor(command, error) with { Tries = delivery.Leg.TriesBefore });
        AcceptLog.RunPoisoned(logger, error);
    }

    private static string DiedTimes(int times) => $"worker died {times} times while it ran this try; the job is not run again";
}
