using JobRunner.Bus.Accept.Lease;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Record;

/// <summary>
/// Publishes a run's last log together with its end: one round to the broker instead of two. Returns once both are accepted.
/// </summary>
internal sealed class RunEndPublisher(IOutlet outlet, ILeases leases, UntilAccepted until, WorkerMetrics metrics, TimeProvider time)
{
    public async Task PublishAsync(RunJob command, Return result, JobLogRecorded lastLog, CancellationToken abandoned)
    {
        // Of a try that another worker may be running again no log may leave.
        await leases.InContactAsync(abandoned);
        metrics.TryEnded(lastLog);
        var log = JobLogBounds.Within(lastLog);
        var end = new RunEndNews(JobFinishedPublisher.End(command, result), command.SentAt, time.GetUtcNow());
        Task? logged = null, told = null;
        await until.RunAsync(
            "a job log",
            token =>
            {
                if (logged is not null)
                {
                    return outlet.LogAsync(log, token);
                }

                (logged, told) = outlet.Both(log, end, token);
                return logged;
            },
            abandoned);

        // The end comes after the log also where either has to be sent again.
        await until.RunAsync("a finished job", token => Interlocked.Exchange(ref told, null) ?? outlet.FinishedAsync(end, token), abandoned);
    }
}
