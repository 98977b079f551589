using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Record;

/// <summary>Publishes job logs; returns once the broker has accepted them.</summary>
internal sealed class JobLogPublisher(IOutlet outlet, IJobJournal journal, UntilAccepted until, WorkerMetrics metrics) : IJobLogSink
{
    /// <inheritdoc/>
    public async Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData, CancellationToken cancellationToken)
    {
        try
        {
            await journal.KeepJobDataAsync(job, tryNumber, jobData, cancellationToken);
        }
        catch (MessageTooLargeException)
        {
            // The run goes on here, and fails for it when it ends or is parked.
        }
    }

    /// <inheritdoc/>
    public async Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        metrics.TryEnded(log);
        var bounded = JobLogBounds.Within(log);
        using var span = MessageSpans.Publish(Names.JobLogRecorded, log.RequestId, log.JobId)?.SetTag(JobTraces.TryKey, log.Try);
        using var waiting = metrics.LogWaits();
        await until.RunAsync("a job log", bounded, outlet.LogAsync, (large, error) => JobLogBounds.ToFit(large, error.Limit), cancellationToken);
    }
}
