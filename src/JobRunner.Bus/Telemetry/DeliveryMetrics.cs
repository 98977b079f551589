using System.Diagnostics;
using System.Diagnostics.Metrics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery.Gate;

namespace JobRunner.Bus.Telemetry;

/// <summary>What a worker counts of the job logs it delivers. On the meter <see cref="WorkerMetrics.MeterName"/>.</summary>
internal sealed class DeliveryMetrics : IDisposable
{
    private static readonly double[] AttemptBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60];

    // From a log that is there at once to one that outlived an outage of a day.
    private static readonly double[] AgeBuckets = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private readonly Histogram<double> _deliveries;
    private readonly Histogram<double> _age;
    private readonly Counter<long> _redeliveries;
    private int _attempts;

    public DeliveryMetrics(IMeterFactory meters, DeliveryGate gate, TimeProvider time)
    {
        _time = time;
        _meter = meters.Create(WorkerMetrics.MeterName);
        _deliveries = _meter.CreateHistogram(
            "jobrunner.job_log.delivery.duration",
            "s",
            "How long attempts to deliver a job log took, by outcome",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = AttemptBuckets });
        _age = _meter.CreateHistogram(
            "jobrunner.job_log.age",
            "s",
            "How old job logs were when they were stored, from the end of their try",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = AgeBuckets });
        _redeliveries = _meter.CreateCounter<long>("jobrunner.job_log.redeliveries", "{job_log}", "Job logs to be redelivered later, by delay");
        _meter.CreateObservableGauge(
            "jobrunner.job_log.store.up", () => gate.IsShut ? 0 : 1, "{store}", "Whether job logs get through: 0 in an outage of their store");
        _meter.CreateObservableGauge("jobrunner.job_log.deliveries.in_flight", () => Volatile.Read(ref _attempts), "{job_log}", "Job logs on their way to the store now");
        _meter.CreateObservableGauge("jobrunner.job_log.deliveries.held", () => gate.Waiting, "{job_log}", "Job logs that wait in this worker to be let through");
    }

    /// <summary>An attempt begins; it is on its way until it is disposed of.</summary>
    public DeliveryAttempt Attempt()
    {
        Interlocked.Increment(ref _attempts);
        return new DeliveryAttempt(this, Stopwatch.GetTimestamp());
    }

    /// <summary>A log is where it belongs.</summary>
    public void Stored(JobLogRecorded log)
    {
        if (log.FinishedAt > 0)
        {
            _age.Record(Math.Max(0, (_time.GetUtcNow().ToUnixTimeMilliseconds() - (log.FinishedAt / 1e6)) / 1e3));
        }
    }

    /// <summary>A log is to be redelivered.</summary>
    public void Redelivered(string delay) => _redeliveries.Add(1, KeyValuePair.Create<string, object?>("jobrunner.delay", delay));

    public void Dispose() => _meter.Dispose();

    /// <summary>One attempt to deliver a log.</summary>
    internal readonly struct DeliveryAttempt(DeliveryMetrics metrics, long begun) : IDisposable
    {
        /// <summary>It ended: <c>stored</c>, <c>already_there</c>, <c>refused</c> or <c>failed</c>.</summary>
        public void Ended(string outcome) => metrics._deliveries.Record(
            Stopwatch.GetElapsedTime(begun).TotalSeconds, KeyValuePair.Create<string, object?>("jobrunner.outcome", outcome));

        public void Dispose() => Interlocked.Decrement(ref metrics._attempts);
    }
}
