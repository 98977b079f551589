using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;

namespace JobRunner.Bus.Record;

/// <summary>Publishes job logs; returns once the broker has accepted them.</summary>
internal sealed class JobLogPublisher(IBus bus, UntilAccepted until, WorkerMetrics metrics) : IJobLogSink
{
    /// <inheritdoc/>
    public Task RecordAsync(JobLogRecorded log)
    {
        metrics.TryEnded(log);
        return until.RunAsync(
            "a job log",
            // Mandatory: accepted without a queue to hold it would be lost.
            cancellationToken => bus.Publish(log, context => context.Mandatory = true, cancellationToken));
    }
}
