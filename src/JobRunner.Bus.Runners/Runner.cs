using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>Runs one job: tries it, logs each try, waits, tries again. The seed's <c>runner.Runner</c>.</summary>
public sealed class Runner : IRunner, IAsyncDisposable
{
    private readonly RunJob _command;
    private readonly MadeJob _made;
    private readonly IJobLogSink _logs;
    private readonly TryPlace _place;
    private readonly ITryGate _gate;
    private readonly RunnerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly RunnerSignals _signals;
    private readonly CancellationTokenSource _abandoned = new();
    private readonly long _maxTries;
    private readonly TimeSpan _retryWait;
    private readonly TimeSpan _timeout;
    private readonly long _startedAt;
    private long _tryNumber;
    private volatile TryRun? _current;
    private bool _noPlaceForItsType;

    internal Runner(
        RunJob command, MadeJob made, IJobLogSink logs, TrySlots slots, RunnerOptions options, ITryGate gate, TimeProvider time, ILogger<Runner> logger)
    {
        _command = command;
        _made = made;
        _logs = logs;
        _place = new TryPlace(slots, made.Limits);
        _options = options;
        _gate = gate;
        _time = time;
        _logger = logger;
        _signals = new RunnerSignals();
        Abandoned = _abandoned.Token;
        _maxTries = 1 + command.Job.Retry;
        _retryWait = GoDuration.Parse(command.Job.RetryWait).ToTimeSpan();
        _timeout = string.IsNullOrEmpty(command.Timeout) ? made.Limits?.TryTimeout ?? TimeSpan.Zero : GoDuration.Parse(command.Timeout).ToTimeSpan();
        _startedAt = UnixNanoseconds.Now(time);
        _tryNumber = 1 + command.TotalTries;
        Key = new RunnerKey(command.RequestId, command.Job.Id);
    }

    /// <inheritdoc/>
    public RunnerKey Key { get; }

    /// <summary>
    /// Runs the job until it is complete or stopped, no try is left, or the run goes on elsewhere. Each try's log is safe
    /// before the next try starts. Called once.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was abandoned: it has no result here.</exception>
    public Task<Return> RunAsync() => RunLoopAsync(leaveLastLog: false);

    /// <summary>
    /// As <see cref="RunAsync"/>, but the log of a try that ends the run is left to the caller, in
    /// <see cref="Return.LastLog"/>: to be recorded together with the end of the run.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was abandoned: it has no result here.</exception>
    public Task<Return> RunToLastLogAsync() => RunLoopAsync(leaveLastLog: true);

    private async Task<Return> RunLoopAsync(bool leaveLastLog)
    {
        try
        {
            var result = await TryLoopAsync(leaveLastLog);
            _signals.Returned(result);
            return result;
        }
        catch
        {
            // The log sink threw, or the run was abandoned: a stop must not wait for it any longer.
            _signals.GivenUp();
            throw;
        }
    }

    private async Task<Return> TryLoopAsync(bool leaveLastLog)
    {
        var jobData = _command.JobData;
        var tries = 1L; // of this run
        var tryNo = 1 + _command.PrevTries; // of the sequence
        var logged = _command.TotalTries;
        var state = JobState.Pending;
        var dueAt = DateTimeOffset.MinValue; // of the next try
        if (tryNo > _maxTries)
        {
            if (_signals.Leave())
            {
                return Returns(JobState.Stopped);
            }

            var error = $"no try left: prevTries {_command.PrevTries} = 1 + retry {_command.Job.Retry}";
            await _logs.RecordAsync(NoTryLog.For(_command, error), Abandoned);
            return NoTryLog.ReturnFor(_command, error);
        }

        while (true)
        {
            using var current = new TryRun(_made.Job, _command, _tryNumber, jobData, _timeout, _options.StopTimeout, _time);
            if (!await TryStartAsync(current))
            {
                Abandoned.ThrowIfCancellationRequested();
                // Stopped before it started: that try is run again on a resume (seed).
                return _signals.Leave()
                    ? Returns(JobState.Stopped)
                    : Returns(state, RunEnd.HandedOver) with { Wait = _noPlaceForItsType ? JobTypeLimits.LookAgainAfter : WaitLeft(dueAt) };
            }

            Log.TryStarts(_logger, _tryNumber, tryNo, _maxTries);
            using var span = JobTraces.StartTry(_command, _tryNumber);
            var startedAt = UnixNanoseconds.Now(_time);
            await current.StartAsync();
            var log = LogOf(current, startedAt, await current.EndAsync());
            JobTraces.EndTry(span, log);
            Abandoned.ThrowIfCancellationRequested();
            if (current.JobDataAfter is var after && after != jobData && !JsonNode.DeepEquals(jobData, after))
            {
                jobData = after;
                await _logs.KeepJobDataAsync(Key, log.Try, jobData, Abandoned);
            }

            state = log.State;
            logged = log.Try;
            var ended = state == JobState.Complete || (state == JobState.Stopped && !_signals.CutTheTry);
            if (leaveLastLog && (ended || (state != JobState.Stopped && tryNo == _maxTries)))
            {
                if (!ended)
                {
                    Log.TryFailed(_logger, _tryNumber, state.ToSeedName(), 0);
                }

                _signals.Leave();
                return Returns(state) with { LastLog = log, LastTry = span?.Context ?? default };
            }

            await _logs.RecordAsync(log, Abandoned);
            span?.Stop();
            if (ended)
            {
                _signals.Leave();
                return Returns(state);
            }

            if (state == JobState.Stopped)
            {
                return _signals.Leave() ? Returns(state) : Returns(state, RunEnd.HandedOver);
            }

            Log.TryFailed(_logger, _tryNumber, state.ToSeedName(), _maxTries - tryNo);
            if (tryNo == _maxTries)
            {
                _signals.Leave();
                return Returns(state);
            }

            // From here on it is the next try: stopped now, that one is counted, and run again on a resume.
            tries++;
            tryNo++;
            Interlocked.Increment(ref _tryNumber);
            if (_retryWait > _options.ParkWaitsOver)
            {
                return _signals.Leave() ? Returns(JobState.Stopped) : Returns(state, RunEnd.Parked) with { Wait = _retryWait };
            }

            dueAt = _time.GetUtcNow() + _retryWait;
            await WaitAsync();
        }

        Return Returns(JobState finalState, RunEnd end = RunEnd.Finished) => new()
        {
            FinalState = finalState,
            Tries = tries,
            End = end,
            Next = new TryCounters(finalState == JobState.Stopped || end != RunEnd.Finished ? tryNo - 1 : tryNo, logged),
            JobData = jobData,
        };
    }

    private TimeSpan WaitLeft(DateTimeOffset dueAt)
    {
        var left = dueAt - _time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    /// <summary>
    /// Waits for a slot, and for the gate to be open, and starts the try; false, and no slot held, when a stop or a hand-over came
    /// first, or the job's type has no place.
    /// </summary>
    private ValueTask<bool> TryStartAsync(TryRun next) =>
        _gate.IsOpen && _place.TryTake() ? new ValueTask<bool>(TryStart(next)) : new ValueTask<bool>(WaitAndTryStartAsync(next));

    private async Task<bool> WaitAndTryStartAsync(TryRun next)
    {
        var held = _signals.NoMoreTries;
        try
        {
            if (!await _place.TakeAsync(_options.ParkWaitsOver, _time, held))
            {
                _noPlaceForItsType = true;
                return false;
            }
        }
        catch (OperationCanceledException) when (held.IsCancellationRequested)
        {
            return false;
        }

        try
        {
            // Last: a slot may have been long in coming.
            await _gate.OpensAsync(held);
        }
        catch (OperationCanceledException) when (held.IsCancellationRequested)
        {
            _place.Release();
            return false;
        }

        return TryStart(next);
    }

    private bool TryStart(TryRun next)
    {
        if (_signals.TryStart(next))
        {
            _current = next;
            return true;
        }

        _place.Release();
        return false;
    }

    /// <summary>Gives the slot of a try that has ended back, and returns its log.</summary>
    private JobLogRecorded LogOf(TryRun current, long startedAt, JobResult result)
    {
        var finishedAt = UnixNanoseconds.Now(_time);
        var state = _signals.TryEnded(result.State);
        _place.Release();
        Log.TryEnded(_logger, _tryNumber, state.ToSeedName(), result.Exit, (finishedAt - startedAt) / 1e9);
        if (state != result.State)
        {
            Log.StateChangedByStop(_logger, _tryNumber, result.State.ToSeedName());
        }

        if (current.GivenUp)
        {
            Log.JobDidNotStop(_logger, _tryNumber, _options.StopTimeout);
        }

        return TryLog.For(_command, _tryNumber, startedAt, finishedAt, state, result);
    }

    // Stopped or handed over meanwhile: the loop finds out which as it tries to start the next try.
    private Task WaitAsync() => _retryWait > TimeSpan.Zero && _signals.TrySleep()
        ? LongDelay.WaitQuietlyAsync(_retryWait, _time, _signals.NoMoreTries)
        : Task.CompletedTask;

    /// <inheritdoc/>
    /// <remarks>
    /// A try that runs is told to stop, and whatever it returns other than COMPLETE becomes STOPPED. The wait for it is
    /// bounded by <see cref="RunnerOptions.StopTimeout"/>.
    /// </remarks>
    public Task<StopResult> StopAsync() => _signals.StopAsync();

    /// <summary>
    /// Asks the run to go on elsewhere: at once while it waits, after the try that runs otherwise. A try that completes,
    /// or fails for the last time, ends the run here.
    /// </summary>
    public void HandOver() => _signals.HandOver();

    /// <summary>Stops the try that runs so that it can be handed over; its log says STOPPED, its budget is not used up.</summary>
    public void CutTry() => _signals.CutTry();

    /// <summary>
    /// Gives the run up, because another may have taken it over: the try that runs is told to stop, nothing more is
    /// recorded, and <see cref="RunAsync"/> throws once the job has let go.
    /// </summary>
    public void Abandon()
    {
        try
        {
            _abandoned.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The run is over: there is nothing to give up.
            return;
        }

        _signals.CutTry();
    }

    /// <summary>Fires when the run is abandoned.</summary>
    public CancellationToken Abandoned { get; }

    /// <inheritdoc/>
    public RunnerStatus Status()
    {
        var phase = _signals.Phase;
        var sleeping = phase == RunnerPhase.Sleeping;
        var current = _current;
        var text = current?.Status ?? "";
        return new RunnerStatus
        {
            RequestId = Key.RequestId,
            JobId = Key.JobId,
            Type = _command.Job.Type,
            Name = _command.Job.Name,
            StartedAt = _startedAt,
            State = current is null ? JobState.Pending : JobState.Running,
            Status = sleeping ? "(retry sleep) " + text : text,
            Try = Interlocked.Read(ref _tryNumber),
            Sleeping = sleeping,
        };
    }

    /// <summary>Lets go of the job and its scope.</summary>
    public async ValueTask DisposeAsync()
    {
        _signals.Dispose();
        _abandoned.Dispose();
        if (_made.Scope is { } scope)
        {
            await scope.DisposeAsync();
        }
    }
}
