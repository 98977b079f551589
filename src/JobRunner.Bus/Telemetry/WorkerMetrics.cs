using System.Diagnostics.Metrics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;

namespace JobRunner.Bus.Telemetry;

/// <summary>What a worker counts. Names are those of OpenTelemetry: dots, units apart.</summary>
public sealed class WorkerMetrics : IDisposable
{
    /// <summary>Name of the meter, to subscribe to.</summary>
    public const string MeterName = "JobRunner.Bus";

    // From a no-op to a job of a day.
    private static readonly double[] Buckets = [0.001, 0.01, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600];

    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private readonly RunnerRepo _repo;
    private readonly Counter<long> _tries;
    private readonly Histogram<double> _tryDuration;
    private readonly Histogram<double> _startDelay;
    private readonly Counter<long> _ended;
    private readonly Counter<long> _sentOn;
    private readonly Counter<long> _resumed;
    private readonly Counter<long> _poisoned;
    private readonly Counter<long> _abandoned;
    private readonly Counter<long> _claims;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _stops;
    private long _unconfirmed;

    /// <summary>Starts counting. What may never happen is told from the start, as 0: an alert can then see it change.</summary>
    public WorkerMetrics(IMeterFactory meters, RunnerRepo repo, TrySlots slots, WorkerReadiness readiness, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(meters);
        _time = time;
        _repo = repo;
        _meter = meters.Create(MeterName);
        _tries = _meter.CreateCounter<long>("jobrunner.tries", "{try}", "Tries that ended, by job type and state");
        _tryDuration = Duration("jobrunner.try.duration", "How long tries took, by job type and state");
        _startDelay = Duration("jobrunner.run.start.delay", "From sending a command to the start of its run, by job type");
        _ended = _meter.CreateCounter<long>("jobrunner.runs.ended", "{run}", "Runs that ended here, by job type and final state");
        _sentOn = FromZero("jobrunner.runs.sent_on", "{run}", "Runs that go on elsewhere: they wait in the broker, or are handed over by a drain", "jobrunner.reason", "wait", "hand_over");
        _resumed = FromZero("jobrunner.runs.resumed", "{run}", "Runs taken up where a worker that died, or abandoned them, left them");
        _poisoned = FromZero("jobrunner.runs.poisoned", "{run}", "Runs failed for good because their workers died too often");
        _abandoned = FromZero("jobrunner.runs.abandoned", "{run}", "Runs abandoned here: cut off from the broker for a lease, or broken");
        _claims = FromZero("jobrunner.lease.claims", "{command}", "Commands delivered again whose run nobody here held: taken over, or left to the worker it lives on", "jobrunner.outcome", "taken_over", "lives_elsewhere");
        _refused = FromZero("jobrunner.commands.refused", "{command}", "Commands put into the error queue");
        _stops = FromZero("jobrunner.stops", "{stop}", "Runs stopped here, by what the stop found", "jobrunner.outcome", "stopped_before_start", "stopped_while_waiting", "stopped_while_running", "already_finished");
        _meter.CreateObservableGauge("jobrunner.runs", Runs, "{run}", "Runs held, by whether they run or wait");
        _meter.CreateObservableGauge("jobrunner.slots.in_use", () => slots.InUse, "{slot}", "Slots in use: tries that run now");
        _meter.CreateObservableGauge("jobrunner.slots.limit", () => slots.Count, "{slot}", "Slots of this worker");
        _meter.CreateObservableGauge("jobrunner.job_log.unconfirmed", () => Interlocked.Read(ref _unconfirmed), "{job_log}", "Job logs that the broker has not accepted yet");
        _meter.CreateObservableGauge("jobrunner.ready", () => readiness.NotReady is null ? 1 : 0, "1", "Whether the worker takes work: 1 or 0");
    }

    /// <summary>Counts a try.</summary>
    public void TryEnded(JobLogRecorded log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var (type, state) = (Label(JobTraces.JobTypeKey, log.Type), Label(JobTraces.JobStateKey, log.State.ToSeedName()));
        _tries.Add(1, type, state);
        _tryDuration.Record((log.FinishedAt - log.StartedAt) / 1e9, type, state);
    }

    /// <summary>Counts a log as waiting for the broker until disposed of.</summary>
    internal LogWaiting LogWaits()
    {
        Interlocked.Increment(ref _unconfirmed);
        return new LogWaiting(this);
    }

    internal void RunStarts(CommandDelivery delivery)
    {
        // A later leg, or a command delivered again, has waited for other reasons.
        if (delivery is { SentAt: { } sentAt, Leg.Id: null } && !delivery.WasRedelivered)
        {
            _startDelay.Record(Math.Max(0, (_time.GetUtcNow() - sentAt).TotalSeconds), Label(JobTraces.JobTypeKey, delivery.Command.Job.Type));
        }
    }

    internal void RunEnded(RunJob command, JobState state) =>
        _ended.Add(1, Label(JobTraces.JobTypeKey, command.Job.Type), Label(JobTraces.JobStateKey, state.ToSeedName()));

    internal void RunSentOn(RunEnd end) => _sentOn.Add(1, Label("jobrunner.reason", end == RunEnd.Parked ? "wait" : "hand_over"));

    internal void RunResumed() => _resumed.Add(1);

    internal void RunPoisoned() => _poisoned.Add(1);

    internal void RunAbandoned() => _abandoned.Add(1);

    internal void LeaseClaimed(bool takenOver) => _claims.Add(1, Label("jobrunner.outcome", takenOver ? "taken_over" : "lives_elsewhere"));

    internal void CommandRefused() => _refused.Add(1);

    internal void Stopped(StopOutcome outcome) => _stops.Add(1, Label("jobrunner.outcome", outcome switch
    {
        StopOutcome.StoppedBeforeStart => "stopped_before_start",
        StopOutcome.StoppedWhileWaiting => "stopped_while_waiting",
        StopOutcome.StoppedWhileRunning => "stopped_while_running",
        _ => "already_finished",
    }));

    private IEnumerable<Measurement<long>> Runs()
    {
        long running = 0, waiting = 0;
        foreach (var runner in _repo.Items())
        {
            _ = runner is LiveRun live && !live.Status().Sleeping ? running++ : waiting++;
        }

        return [new(running, Label("jobrunner.run.state", "running")), new(waiting, Label("jobrunner.run.state", "waiting"))];
    }

    private Histogram<double> Duration(string name, string description) => _meter.CreateHistogram(
        name, "s", description, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });

    private Counter<long> FromZero(string name, string unit, string description, string? label = null, params string[] values)
    {
        var counter = _meter.CreateCounter<long>(name, unit, description);
        if (label is null)
        {
            counter.Add(0);
        }

        foreach (var value in values)
        {
            counter.Add(0, Label(label!, value));
        }

        return counter;
    }

    private static KeyValuePair<string, object?> Label(string name, string value) => KeyValuePair.Create<string, object?>(name, value);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    /// <summary>A log that waits for the broker.</summary>
    internal readonly struct LogWaiting(WorkerMetrics metrics) : IDisposable
    {
        public void Dispose() => Interlocked.Decrement(ref metrics._unconfirmed);
    }
}
