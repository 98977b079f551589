using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Stops;

/// <summary>Answers for commands that arrive after the stop that was meant for them: no try, no log.</summary>
internal sealed class StoppedCommands(JobFinishedPublisher finished, StopReplies replies, WorkerMetrics metrics, ILogger<StoppedCommands> logger)
{
    public async Task TellAsync(CommandDelivery delivery, StopOrder stop)
    {
        var command = delivery.Command;
        Activity.Current?.LinkTo(stop.Trace);
        await finished.PublishAsync(command, new Return(command.JobDataText)
        {
            FinalState = JobState.Stopped,
            // The try it would have been counts, as in the seed; the counters have it subtracted.
            Tries = delivery.Leg.TriesBefore + 1,
            Next = new TryCounters(command.PrevTries, command.TotalTries),
        });
        metrics.RunEnded(command, JobState.Stopped);
        AcceptLog.RunEnded(logger, JobState.Stopped.ToSeedName(), 0);
        var outcome = delivery.Leg.Id is null ? StopOutcome.StoppedBeforeStart : StopOutcome.StoppedWhileWaiting;
        await replies.SendAsync(stop.ReplyTo, new RunnerKey(command.RequestId, command.Job.Id), new StopResult(outcome, JobState.Stopped));
    }
}
