using System.Diagnostics.Metrics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Telemetry;

/// <summary>What a worker counts. Names are those of OpenTelemetry: dots, units apart.</summary>
public sealed class WorkerMetrics : IDisposable
{
    /// <summary>Name of the meter, to subscribe to.</summary>
    public const string MeterName = "JobRunner.Bus";

    // From a no-op to a job of a day.
    private static readonly double[] Buckets = [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

    private readonly Meter _meter;
    private readonly Counter<long> _tries;
    private readonly Histogram<double> _tryDuration;

    /// <summary>Starts counting.</summary>
    public WorkerMetrics(IMeterFactory meters, RunnerRepo repo, TrySlots slots)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _meter = meters.Create(MeterName);
        _tries = _meter.CreateCounter<long>("jobrunner.tries", "{try}", "Tries that ended, by job type and state");
        _tryDuration = _meter.CreateHistogram(
            "jobrunner.try.duration",
            "s",
            "How long tries took, by job type and state",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });
        _meter.CreateObservableGauge("jobrunner.runners", () => repo.Count, "{runner}", "Runners held: running and waiting");
        _meter.CreateObservableGauge("jobrunner.slots.in_use", () => slots.InUse, "{slot}", "Slots in use: tries that run now");
        _meter.CreateObservableGauge("jobrunner.slots.limit", () => slots.Count, "{slot}", "Slots of this worker");
    }

    /// <summary>Counts a try.</summary>
    public void TryEnded(JobLogRecorded log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var type = KeyValuePair.Create<string, object?>("jobrunner.job.type", log.Type);
        var state = KeyValuePair.Create<string, object?>("jobrunner.job.state", log.State.ToSeedName());
        _tries.Add(1, type, state);
        _tryDuration.Record((log.FinishedAt - log.StartedAt) / 1e9, type, state);
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();
}
