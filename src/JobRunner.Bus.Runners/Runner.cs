using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <summary>Runs one job: tries it, logs each try, waits, tries again. The seed's <c>runner.Runner</c>.</summary>
public sealed class Runner : IRunner, IAsyncDisposable
{
    private readonly RunnerParts _parts;
    private readonly RunJob _command;
    private readonly RunSignals _signals = new();
    private readonly long _startedAt;
    private MadeJob _made;
    private LazyObject _jobData;
    private long _tryNumber;

    internal Runner(RunJob command, RunnerParts parts, DateTimeOffset? startedAt)
    {
        (_command, _parts) = (command, parts);
        _jobData = command.JobDataText;
        _startedAt = startedAt is { } began ? UnixNanoseconds.From(began) : UnixNanoseconds.Now(parts.Time);
        _tryNumber = 1 + command.TotalTries;
    }

    /// <inheritdoc/>
    public RunnerKey Key => new(_command.RequestId, _command.Job.Id);

    /// <summary>Fires when the run is abandoned.</summary>
    public CancellationToken Abandoned => _signals.Abandoned;

    private long MaxTries => 1 + _command.Job.Retry;

    /// <summary>Tries of this run, the next one included.</summary>
    private long Tries => _tryNumber - _command.TotalTries;

    /// <summary>Number of the next try within the sequence.</summary>
    private long TryNo => _command.PrevTries + Tries;

    private TryRoom Room => new(_parts, _made.Limits);

    private TryLimits Limits => TryLimits.Of(_command, _made.Limits, _parts.Options.StopTimeout);

    /// <summary>
    /// Runs the job until it is complete or stopped, no try is left, or the run goes on elsewhere. Each try's log is safe
    /// before the next try starts. A job that cannot be made fails without a try, with one log that says why. Called once;
    /// returns at once: no code of the job runs on the caller's thread.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was abandoned: it has no result here.</exception>
    public Task<Return> RunAsync() => _signals.Begin(this, static run => run.LoopAsync(leaveLastLog: false));

    /// <summary>
    /// As <see cref="RunAsync()"/>, but the log that ends the run is left to the caller, in <see cref="Return.LastLog"/>: to be
    /// recorded together with the end of the run.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was abandoned: it has no result here.</exception>
    public Task<Return> RunToLastLogAsync() => _signals.Begin(this, static run => run.LoopAsync(leaveLastLog: true));

    /// <summary>The loop: take a slot, run the try, record its log, decide, wait or park.</summary>
    private async Task<Return> LoopAsync(bool leaveLastLog)
    {
        // Off the caller's thread: a job's constructor may block it.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (MakeJob() is { } problem)
        {
            return await FailWithoutTryAsync(problem, leaveLastLog);
        }

        var state = JobState.Pending;
        var (wait, waitBegan) = (TimeSpan.Zero, 0L);
        while (true)
        {
            // Take a slot. A run that waits, for one or between tries, holds none.
            JobTry? current = new(_made.Job, new JobRunContext(_command, _jobData, _tryNumber), Limits, _parts.Options.MaxLoggedBytes, _parts.Time);
            switch (await Room.StartAsync(current, _signals))
            {
                case TryStart.HeldBack:
                    return GoesOn(RunEnd.HandedOver, state, wait - _parts.Time.GetElapsedTime(waitBegan));
                case TryStart.NoPlaceForItsType:
                    return GoesOn(RunEnd.HandedOver, state, JobTypeLimits.LookAgainAfter);
            }

            // Run the try. What is published of it belongs to its span.
            using (Log.OfTry(_parts.Logger, _tryNumber))
            using (var span = JobTraces.StartTry(_command, _tryNumber))
            {
                Log.TryStarts(_parts.Logger, _tryNumber, TryNo, MaxTries);
                var startedAt = UnixNanoseconds.Now(_parts.Time);
                await current.RunAsync();
                var (log, cut) = End(current, startedAt, await current.EndAsync());
                JobTraces.EndTry(span, log);

                // Record its log before anything follows from it. The log that ends the run may be left to the caller.
                Abandoned.ThrowIfCancellationRequested();
                await KeepJobDataAsync(current);
                state = log.State;
                var isFailure = state is not (JobState.Complete or JobState.Stopped);
                var over = isFailure ? log.Permanent || TryNo == MaxTries : !cut || state == JobState.Complete;
                if (!over || !leaveLastLog)
                {
                    await _parts.Logs.RecordAsync(log, Abandoned);
                }

                // Decide. COMPLETE and STOPPED end the run, but a try that was cut goes on elsewhere; all else is tried again.
                if (isFailure)
                {
                    Log.TryFailed(_parts.Logger, _tryNumber, state.ToSeedName(), log.Permanent ? 0 : MaxTries - TryNo);
                }

                if (over)
                {
                    _signals.Leave();
                    return Returns(state, log.Try, lastLog: leaveLastLog ? log : null, lastSpan: span);
                }

                if (!isFailure)
                {
                    return Returns(state, log.Try, _signals.Leave() ? RunEnd.Finished : RunEnd.HandedOver);
                }
            }

            // Park, or wait. From here on it is the next try: stopped now, that one is counted, and run again on a resume.
            current = null; // with all that its job wrote: thousands may wait
            Interlocked.Increment(ref _tryNumber);
            wait = RetryDelay.Before(_command with { PrevTries = TryNo - 1, TotalTries = _tryNumber - 1 });
            waitBegan = _parts.Time.GetTimestamp();
            if (wait > _parts.Options.ParkWaitsOver)
            {
                return GoesOn(RunEnd.Parked, state, wait);
            }

            if (wait > TimeSpan.Zero)
            {
                _signals.Sleep();
                await LongWait.ForAsync(wait, _parts.Time, _signals.NoMoreTries);
            }
        }
    }

    /// <summary>The try has ended: gives its slot back, and returns its log and whether it was cut.</summary>
    private (JobLogRecorded Log, bool Cut) End(JobTry ended, long startedAt, JobResult result)
    {
        var finishedAt = UnixNanoseconds.Now(_parts.Time);
        var (state, cut) = _signals.TryEnded(result.State);
        Room.Release();

        var log = TryLog.Of(_command, _tryNumber, startedAt, finishedAt, state, result);
        Log.TryIsOver(_parts.Logger, log, result.State, ended.GivenUp ? _parts.Options.StopTimeout : null);
        return (log, cut);
    }

    private async ValueTask KeepJobDataAsync(JobTry ended)
    {
        if (ended.JobData is { } after && !_jobData.Holds(after))
        {
            // As bytes: they weigh less while the run waits, and a job that was given up cannot change them.
            _jobData = new LazyObject(after).AsBytes();
            await _parts.Logs.KeepJobDataAsync(Key, _tryNumber, after, Abandoned);
        }
    }

    /// <summary>Makes the job, unless the run was stopped or handed over before.</summary>
    /// <returns>Why there can be no try; <see langword="null"/> otherwise.</returns>
    private string? MakeJob()
    {
        try
        {
            RunJobRules.Require(_command);
            if (!_signals.NoMoreTries.IsCancellationRequested)
            {
                _made = _parts.Jobs.Make(_command.Job);
            }
        }
        catch (Exception error)
        {
            return "problem creating job runner: " + error.Message;
        }

        return TryNo > MaxTries ? $"no try left: prevTries {_command.PrevTries} = 1 + retry {_command.Job.Retry}" : null;
    }

    private async Task<Return> FailWithoutTryAsync(string problem, bool leaveLastLog)
    {
        Abandoned.ThrowIfCancellationRequested();
        if (_signals.Leave())
        {
            return Returns(JobState.Stopped, _command.TotalTries);
        }

        var log = NoTryLog.For(_command, problem);
        if (!leaveLastLog)
        {
            await _parts.Logs.RecordAsync(log, Abandoned);
        }

        return NoTryLog.ReturnFor(_command, problem) with { LastLog = leaveLastLog ? log : null };
    }

    /// <summary>The next try is somebody else's. Stopped before it, the run is stopped, and that try is run again on a resume (seed).</summary>
    private Return GoesOn(RunEnd end, JobState state, TimeSpan wait)
    {
        Abandoned.ThrowIfCancellationRequested();
        return _signals.Leave()
            ? Returns(JobState.Stopped, _tryNumber - 1)
            : Returns(state, _tryNumber - 1, end, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    private Return Returns(
        JobState finalState, long logged, RunEnd end = RunEnd.Finished, TimeSpan wait = default, JobLogRecorded? lastLog = null, Activity? lastSpan = null) => new(_jobData)
        {
            FinalState = finalState,
            Tries = Tries,
            End = end,
            Next = new TryCounters(finalState == JobState.Stopped || end != RunEnd.Finished ? TryNo - 1 : TryNo, logged),
            Wait = wait,
            LastLog = lastLog,
            LastSpan = lastSpan,
        };

    /// <inheritdoc/>
    /// <remarks>A try that runs has <see cref="RunnerOptions.StopTimeout"/> to stop, and is STOPPED whatever it returns but COMPLETE.</remarks>
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
    /// recorded, and <see cref="RunAsync()"/> throws once the job has ended.
    /// </summary>
    public void Abandon() => _signals.Abandon();

    /// <inheritdoc/>
    public RunnerStatus Status()
    {
        var (phase, status) = _signals.Look();
        return StatusOf.Run(
            _command, _startedAt, phase == RunnerPhase.Pending ? JobState.Pending : JobState.Running, status, Interlocked.Read(ref _tryNumber), phase == RunnerPhase.Sleeping);
    }

    /// <summary>Disposes of the job and its scope.</summary>
    public ValueTask DisposeAsync() => _made.DisposeAsync(_parts.Logger);
}
