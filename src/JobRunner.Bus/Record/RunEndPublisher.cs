using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Record;

/// <summary>
/// Publishes a run's last log together with its end: one round to the broker instead of two. Returns once both are accepted.
/// </summary>
internal sealed class RunEndPublisher(IOutlet outlet, UntilAccepted until, WorkerMetrics metrics, TimeProvider time)
{
    public async Task PublishAsync(RunJob command, Return result, JobLogRecorded lastLog, CancellationToken abandoned)
    {
        metrics.TryEnded(lastLog);
        var log = JobLogBounds.Within(lastLog);
        var end = new RunEndNews(JobFinishedPublisher.End(command, result), command.SentAt, time.GetUtcNow());
        // The end is what the run publishes, the log what its last try does.
        using var telling = MessageSpans.Publish(Names.JobFinished, log.RequestId, log.JobId)?
            .SetTag(JobTraces.JobStateKey, end.Finished.FinalState.ToSeedName());
        var endTrace = TraceHeaders.CurrentContext();
        using var logging = MessageSpans.Publish(Names.JobLogRecorded, log.RequestId, log.JobId, result.LastTry)?.SetTag(JobTraces.TryKey, log.Try);
        var logTrace = TraceHeaders.CurrentContext();
        var waiting = metrics.LogWaits();
        Task? logged = null, told = null;
        try
        {
            await until.RunAsync(
                "a job log",
                log,
                (one, token) =>
                {
                    if (logged is not null)
                    {
                        return outlet.LogAsync(one, token);
                    }

                    (logged, told) = outlet.Both(one, logTrace, end, endTrace, token);
                    return logged;
                },
                (large, error) => JobLogBounds.ToFit(large, error.Limit),
                abandoned);
        }
        finally
        {
            waiting.Dispose();
            logging?.Stop();
        }

        // The end comes after the log also where either has to be sent again.
        await until.RunAsync(
            "a finished job", end, (one, token) => Interlocked.Exchange(ref told, null) is { Exception: null } sent ? sent : outlet.FinishedAsync(one, token), RunEndNews.SmallerFor(command), abandoned);
    }
}
