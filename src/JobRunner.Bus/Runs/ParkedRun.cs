using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;

namespace JobRunner.Bus.Runs;

/// <summary>
/// What the worker that parked a run keeps of it: enough for a status, and for a stop to act at once. The run itself is
/// in the broker.
/// </summary>
internal sealed class ParkedRun(
    RunJob next, LiveRun before, RunLeg leg, RunnerStatus status, JobFinishedPublisher finished, Func<ParkedRun, Task> settle)
    : IHeldRun
{
    private static readonly TimeSpan LongestMargin = TimeSpan.FromSeconds(1);

    // What a timer holds, about 49 days: waits reach 292 years.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    // Without what its job needs to run: that is in the broker, and can be long.
    private readonly RunJob _run = next with { Job = new Job { Id = next.Job.Id, Name = next.Job.Name, Type = next.Job.Type }, Unknown = null };
    private readonly long _startedAt = status.StartedAt;
    private readonly string? _status = status.Status;
    private readonly ActivityContext _trace = TraceHeaders.CurrentContext();
    private Task<StopResult>? _stop;
    private bool _due;
    private bool _retired;
    private bool _isGone;
    private TaskCompletionSource? _gone; // where somebody asked
    private Action<ParkedRun>? _forget;
    private ITimer? _timer;
    private TimeSpan _left;
    private volatile LiveRun? _sending;

    /// <summary>The run itself, while it is not known whether the broker has it: until then it lives here.</summary>
    public LiveRun? Sending { get => _sending; set => _sending = value; }

    public RunnerKey Key => new(_run.RequestId, _run.Job.Id);

    public DateTimeOffset? Order { get; } = before.Order;

    public DateTimeOffset? SeenAt => leg.SeenAt;

    public long HeldSince { get; } = before.HeldSince;

    /// <summary>The trace it belongs to.</summary>
    public ActivityContext Trace => _trace;

    public string Leg => leg.Id!;

    /// <summary>Highest try number logged before the wait.</summary>
    public long TotalTries => _run.TotalTries;

    /// <summary>Whether it was stopped: it is gone as soon as that is safe.</summary>
    public bool IsStopped
    {
        get
        {
            lock (_run)
            {
                return _stop is not null;
            }
        }
    }

    /// <summary>Completes when it is held here no more.</summary>
    public Task Gone
    {
        get
        {
            lock (_run)
            {
                return _isGone ? Task.CompletedTask : (_gone ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }
    }

    /// <summary>It is held here no more.</summary>
    public void MarkGone()
    {
        lock (_run)
        {
            _isGone = true;
            _gone?.TrySetResult();
            _timer?.Dispose();
        }
    }

    /// <summary>Takes the run out of its wait; false when it was stopped first.</summary>
    public bool TryTakeUp()
    {
        lock (_run)
        {
            _due = true;
            return _stop is null;
        }
    }

    /// <summary>
    /// Forgets the run shortly before it is due: from then on it can be on any worker, and a stop must find it there. Not
    /// before the broker has it: a lease that ends meanwhile must find it here, or it is sent although another has taken it over.
    /// </summary>
    public void RetireBefore(TimeSpan wait, TimeProvider time, Action<ParkedRun> forget)
    {
        var margin = wait / 2 < LongestMargin ? wait / 2 : LongestMargin;
        _forget = forget;
        _left = wait - margin;
        // The run's context ends with it; the timer is not to keep it.
        using var _ = ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow();
        // Set before anybody else has it: a clock of tests is not safe where one sets a timer that another ends.
        var timer = time.CreateTimer(static run => ((ParkedRun)run!).LookWhetherDue(), this, NextLook(), Timeout.InfiniteTimeSpan);
        lock (_run)
        {
            _timer = timer;
            if (_isGone)
            {
                timer.Dispose();
            }
        }
    }

    private TimeSpan NextLook()
    {
        // Whole milliseconds, rounded up: no timer is over before its time.
        var next = _left < LongestTimer ? TimeSpan.FromMilliseconds(Math.Ceiling(_left.TotalMilliseconds)) : LongestTimer;
        _left -= next;
        return next;
    }

    // On a timer's thread: what is thrown here would end the process. None of the calls throws.
    private void LookWhetherDue()
    {
        if (_left > TimeSpan.Zero)
        {
            _timer?.Change(NextLook(), Timeout.InfiniteTimeSpan);
            return;
        }

        lock (_run)
        {
            if (_stop is not null || _isGone)
            {
                return;
            }

            _due = _retired = true;
            if (_sending is not null)
            {
                return;
            }
        }

        _forget?.Invoke(this);
    }

    /// <summary>The broker has it.</summary>
    public void Sent()
    {
        lock (_run)
        {
            _sending = null;
            if (!_retired)
            {
                return;
            }
        }

        _forget?.Invoke(this);
    }

    public Task<StopResult> StopAsync()
    {
        lock (_run)
        {
            // Not kept: a run that moved on was not stopped here.
            return _stop is null && _due
                ? Task.FromResult(new StopResult(StopOutcome.MovedOn, JobState.Pending))
                : _stop ??= StopWaitingAsync();
        }
    }

    private async Task<StopResult> StopWaitingAsync()
    {
        await Task.Yield();
        using var span = MessageSpans.StopWaiting(_trace, Key);
        await finished.PublishAsync(_run, new Return(_run.JobDataText)
        {
            FinalState = JobState.Stopped,
            // The try it waited for counts, as in the seed.
            Tries = leg.TriesBefore + 1,
            Next = new TryCounters(_run.PrevTries, _run.TotalTries),
        });
        await settle(this);
        return new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped);
    }

    public RunnerStatus Status() => StatusOf.Run(_run, _startedAt, JobState.Running, _status, 1 + _run.TotalTries, sleeping: true);
}
