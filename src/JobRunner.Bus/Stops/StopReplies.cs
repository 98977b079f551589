using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Telemetry;

namespace JobRunner.Bus.Stops;

/// <summary>Answers whoever asked for a stop.</summary>
internal sealed class StopReplies(IReplies replies, WorkerMetrics metrics, WorkerName worker)
{
    public Task SendAsync(ReplyAddress? to, RunnerKey key, StopResult result)
    {
        metrics.Stopped(result.Outcome);
        return to is null
            ? Task.CompletedTask
            : replies.SendAsync(to, new StopJobReply
            {
                RequestId = key.RequestId,
                JobId = key.JobId,
                Outcome = NameOf(result.Outcome),
                FinalState = result.FinalState,
                Error = result.Error,
                Worker = worker.Value,
            });
    }

    /// <summary>An outcome as the contract has it.</summary>
    public static string NameOf(StopOutcome outcome) => outcome switch
    {
        StopOutcome.StoppedBeforeStart => "stopped-before-start",
        StopOutcome.StoppedWhileWaiting => "stopped-while-waiting",
        StopOutcome.StoppedWhileRunning => "stopped-while-running",
        _ => "already-finished",
    };
}
