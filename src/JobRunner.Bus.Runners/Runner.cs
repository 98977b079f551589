using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>Runs one job: tries it, logs each try, waits, tries again. The seed's <c>runner.Runner</c>.</summary>
/// <remarks>
/// All that a run knows between two steps is in its fields, so that a wait is no more than an entry in a queue, and the loop can be
/// left and entered again: by the wait when it is over, and by a try whose job was given up while the loop was in it.
/// </remarks>
public sealed partial class Runner : RunnerSignals, IRunner, ITryOwner, IThreadPoolWorkItem, IAsyncDisposable
{
    private readonly RunnerParts _parts;
    private readonly RunJob _command;
    private readonly IJob _job;
    private readonly object? _made; // where there is more than the job
    private readonly long _startedAt;
    private ExecutionContext? _flow;
    private LazyObject _jobData;
    private long _tryNumber;

    internal Runner(RunJob command, MadeJob made, RunnerParts parts)
    {
        (_command, _job, _parts) = (command, made.Job, parts);
        _made = made is { Scope: null, Limits: null } ? null : made;
        _jobData = command.JobDataText;
        _startedAt = UnixNanoseconds.Now(parts.Time);
        _tryNumber = 1 + command.TotalTries;
    }

    /// <inheritdoc/>
    public RunnerKey Key => new(_command.RequestId, _command.Job.Id);

    private MadeJob Made => _made is MadeJob more ? more : new MadeJob(_job, null);

    private ILogger Logger => _parts.Logger;

    private TimeSpan RetryWait => GoDuration.Parse(_command.Job.RetryWait).ToTimeSpan();

    IJob ITryOwner.Job => _job;

    TimeSpan ITryOwner.StopTimeout => _parts.Options.StopTimeout;

    TimeProvider ITryOwner.Time => _parts.Time;

    /// <summary>
    /// Runs the job until it is complete or stopped, no try is left, or the run goes on elsewhere. Each try's log is safe
    /// before the next try starts. Called once.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was abandoned: it has no result here.</exception>
    public Task<Return> RunAsync()
    {
        _flow = ExecutionContext.Capture();
        // Off the caller's stack: a job that blocks before its first await must not block whoever delivers.
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: true);
        return Result;
    }

    /// <summary>
    /// As <see cref="RunAsync"/>, but the log of a try that ends the run is left to the caller, in
    /// <see cref="Return.LastLog"/>: to be recorded together with the end of the run.
    /// </summary>
    /// <exception cref="OperationCanceledException">The run was abandoned: it has no result here.</exception>
    public Task<Return> RunToLastLogAsync()
    {
        _leaveLastLog = true;
        return RunAsync();
    }

    void IThreadPoolWorkItem.Execute() => GoOn();

    /// <summary>Goes on where the run stands, on this thread; called by its wait when that is over.</summary>
    internal void GoOn()
    {
        if (_flow is null)
        {
            _ = LoopAsync(null, null);
        }
        else
        {
            ExecutionContext.Run(_flow, static run => _ = ((Runner)run!).LoopAsync(null, null), this);
        }
    }

    // On a thread of its own, too: the next try is on it.
    void ITryOwner.GaveUp(TryRun current, JobResult result) =>
        ThreadPool.UnsafeQueueUserWorkItem(static step => step.Run.GoOn(step.Ended, step.Result), (Run: this, Ended: current, Result: result), preferLocal: false);

    private void GoOn(TryRun ended, JobResult result)
    {
        if (_flow is null)
        {
            _ = LoopAsync(ended, result);
        }
        else
        {
            ExecutionContext.Run(_flow, _ => _ = LoopAsync(ended, result), null);
        }
    }

    /// <summary>
    /// The loop: from where the run stands until it has ended, or waits, or a try's job was given up, which goes on by itself. Never
    /// throws. Begins on a thread that a job may block.
    /// </summary>
    /// <param name="ended">The try that has ended; none when the next is to start.</param>
    /// <param name="result">How it ended.</param>
    private async Task LoopAsync(TryRun? ended, JobResult? result)
    {
        try
        {
            var end = TryNo > MaxTries ? await NoTryLeftAsync() : null;
            while (end is null)
            {
                var onItsThread = true;
                if (ended is null)
                {
                    ended = new TryRun(this, new JobRunContext(_command, _jobData, _tryNumber));
                    if (!await TryStartAsync(ended))
                    {
                        ended.Dispose();
                        end = NotStarted(TimeLeft);
                        break;
                    }

                    Begins(ended);
                    var running = ended.RunAsync(Timeout);
                    onItsThread = running.IsCompleted;
                    result = await running;
                    if (result is null)
                    {
                        return;
                    }
                }

                var recorded = EndAsync(ended, result!);
                onItsThread &= recorded.IsCompleted;
                end = await recorded;
                var status = ended.Status;
                Leaves(ended);
                ended = null;
                if (end is null && RetryWait is var wait && wait > TimeSpan.Zero)
                {
                    if (Sleeps(status, wait))
                    {
                        return;
                    }

                    end = NotStarted(wait);
                }
                else if (end is null && !onItsThread)
                {
                    // This may be the thread of whoever took the log: no place for a job.
                    await Task.Yield();
                }
            }

            Returned(end);
        }
        catch (Exception error)
        {
            // The log sink threw, or the run was abandoned.
            GivenUp(error);
        }
    }

    /// <summary>Sees the log of a try that has ended to safety, and finds out what follows.</summary>
    /// <returns>What the run returns; <see langword="null"/> when the next try is to start after the wait.</returns>
    private async ValueTask<Return?> EndAsync(TryRun current, JobResult result)
    {
        using var span = current.Span;
        var log = LogOf(current, result);
        JobTraces.EndTry(span, log);
        ThrowIfAbandoned();
        var untilSafe = current.UntilLogged ?? Abandoned;
        if (current.JobDataGiven is { } after && !_jobData.Holds(after))
        {
            _jobData = new LazyObject(after);
            await _parts.Logs.KeepJobDataAsync(Key, log.Try, after, untilSafe);
        }

        _state = log.State;
        var ended = _state == JobState.Complete || (_state == JobState.Stopped && !CutTheTry);
        var lastFailed = _state is not (JobState.Complete or JobState.Stopped) && TryNo == MaxTries;
        if (_leaveLastLog && (ended || lastFailed))
        {
            if (!ended)
            {
                Log.TryFailed(Logger, _tryNumber, _state.ToSeedName(), 0);
            }

            Leave();
            return Returns(_state, log.Try) with { LastLog = log, LastTry = span?.Context ?? default };
        }

        await _parts.Logs.RecordAsync(log, untilSafe);
        span?.Stop();
        if (ended)
        {
            Leave();
            return Returns(_state, log.Try);
        }

        if (_state == JobState.Stopped)
        {
            return Returns(_state, log.Try, Leave() ? RunEnd.Finished : RunEnd.HandedOver);
        }

        Log.TryFailed(Logger, _tryNumber, _state.ToSeedName(), MaxTries - TryNo);
        if (lastFailed)
        {
            Leave();
            return Returns(_state, log.Try);
        }

        // From here on it is the next try: stopped now, that one is counted, and run again on a resume.
        Interlocked.Increment(ref _tryNumber);
        return RetryWait > _parts.Options.ParkWaitsOver
            ? Leave() ? Returns(JobState.Stopped, log.Try) : Returns(_state, log.Try, RunEnd.Parked) with { Wait = RetryWait }
            : null;
    }

    private static void Leaves(TryRun ended)
    {
        if (ended.Span is { } span)
        {
            // It was ended in a method of its own, whose context is not this one's.
            Activity.Current = span.Parent;
        }

        ended.Dispose();
    }

    private void ThrowIfAbandoned()
    {
        if (IsAbandoned)
        {
            throw new OperationCanceledException("the run was abandoned", Abandoned);
        }
    }

    /// <summary>How long until the next try is due.</summary>
    private TimeSpan TimeLeft => _noPlaceForItsType ? JobTypeLimits.LookAgainAfter
        : Look().Now is RetryWait wait ? _parts.Waits.TimeLeft(wait) : TimeSpan.Zero;

    /// <summary>Begins a wait, which brings the run back; false when a stop or a hand-over came first.</summary>
    private bool Sleeps(string status, TimeSpan wait)
    {
        _jobData = _jobData.AsBytes();
        return TrySleep(new RetryWait(this, status), _parts.Waits, wait);
    }

    private protected override void EndWait(RetryWait wait)
    {
        if (_parts.Waits.Remove(wait))
        {
            wait.Due();
        }
    }

    /// <summary>Lets go of the job and its scope.</summary>
    public ValueTask DisposeAsync() => Made.Scope?.DisposeAsync() ?? ValueTask.CompletedTask;
}
