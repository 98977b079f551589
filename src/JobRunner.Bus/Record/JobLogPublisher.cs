using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record.Journal;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Record;

/// <summary>Publishes job logs; returns once the broker has accepted them.</summary>
internal sealed class JobLogPublisher(IBus bus, IJobJournal journal, UntilAccepted until, WorkerMetrics metrics) : IJobLogSink
{
    /// <inheritdoc/>
    public Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData) => journal.KeepJobDataAsync(job, tryNumber, jobData);

    /// <inheritdoc/>
    public Task RecordAsync(JobLogRecorded log)
    {
        metrics.TryEnded(log);
        var bounded = JobLogBounds.Within(log);
        return until.RunAsync(
            "a job log",
            // Mandatory: accepted without a queue to hold it would be lost.
            cancellationToken => bus.Publish(bounded, context => context.Mandatory = true, cancellationToken));
    }
}
