using System.Runtime.CompilerServices;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>Where a runner is in its loop.</summary>
internal enum RunnerPhase : byte
{
    /// <summary>No try has started.</summary>
    Pending,

    /// <summary>A try runs.</summary>
    Running,

    /// <summary>A try has ended and its log is on its way.</summary>
    Recording,

    /// <summary>Waits between two tries.</summary>
    Sleeping,

    /// <summary>The loop has been left: what the run returns is decided.</summary>
    Left,
}

/// <summary>
/// What others ask of a runner (stop, hand over, cut), and where it is. Both change under one lock, so that a stop that
/// comes as a try starts is either seen before the try or told to its job, never lost between.
/// </summary>
/// <remarks>
/// There is one per run, and most runs are never asked anything: what only those need that are is made on demand. It is the runner's base
/// and not a part of it because there are many runners.
/// </remarks>
public class RunnerSignals
{
    // Completed as an async method's task is: its continuations run where the run ends.
    private AsyncTaskMethodBuilder<Return> _result = AsyncTaskMethodBuilder<Return>.Create();
    private Asked? _asked;
    private RunnerPhase _phase = RunnerPhase.Pending;
    private bool _returned;
    private bool _stopRequested;
    private bool _handOverRequested;
    private bool _cutRequested;
    private bool _abandoned;
    private bool _cutTheTry;
    private bool _stoppedByItself;

    internal RunnerSignals() => _ = _result.Task;

    /// <summary>What only those need that are asked something.</summary>
    private sealed class Asked
    {
        public CancellationTokenSource? NoMoreTries;
        public CancellationTokenSource? Abandoned;
        public Task<StopResult>? Stop;
    }

    /// <summary>The try that runs or ran last, or the wait after it; none before the first.</summary>
    private protected object? Now { get; private set; }

    /// <summary>What the run returns.</summary>
    private protected Task<Return> Result => _result.Task;

    /// <summary>Fires on a stop or a hand-over: no further try is to start.</summary>
    internal CancellationToken NoMoreTries
    {
        get
        {
            lock (this)
            {
                return HeldBack ? new CancellationToken(canceled: true) : ((_asked ??= new()).NoMoreTries ??= new()).Token;
            }
        }
    }

    /// <summary>Fires when the run is abandoned.</summary>
    public CancellationToken Abandoned
    {
        get
        {
            lock (this)
            {
                return _abandoned ? new CancellationToken(canceled: true) : ((_asked ??= new()).Abandoned ??= new()).Token;
            }
        }
    }

    private bool HeldBack => _stopRequested || _handOverRequested;

    /// <summary>Where the runner is.</summary>
    internal RunnerPhase Phase => Look().Phase;

    /// <summary>Whether the run is abandoned.</summary>
    private protected bool IsAbandoned
    {
        get
        {
            lock (this)
            {
                return _abandoned;
            }
        }
    }

    /// <summary>Where the runner is, and the try or wait there.</summary>
    private protected (RunnerPhase Phase, object? Now) Look()
    {
        lock (this)
        {
            return (_phase, Now);
        }
    }

    /// <summary>Starts the next try, unless it must not start.</summary>
    /// <param name="next">The try, to be told to stop.</param>
    internal bool TryStart(IStoppable next)
    {
        lock (this)
        {
            if (HeldBack)
            {
                return false;
            }

            _phase = RunnerPhase.Running;
            Now = next;
            return true;
        }
    }

    /// <summary>The try has ended; returns its state as it is to be logged.</summary>
    internal JobState TryEnded(JobState state)
    {
        lock (this)
        {
            _phase = RunnerPhase.Recording;
            _cutTheTry = _cutRequested;
            _stoppedByItself = state == JobState.Stopped && !_cutRequested;
            return (_stopRequested || _cutRequested) && state != JobState.Complete ? JobState.Stopped : state;
        }
    }

    /// <summary>Goes to sleep between two tries, unless it must not.</summary>
    internal bool TrySleep() => TrySleep(null, null, TimeSpan.Zero);

    /// <inheritdoc cref="TrySleep()"/>
    /// <remarks>Whoever asks something from then on finds the wait, to end it.</remarks>
    private protected bool TrySleep(RetryWait? wait, DueQueue? waits, TimeSpan howLong)
    {
        lock (this)
        {
            if (HeldBack)
            {
                return false;
            }

            _phase = RunnerPhase.Sleeping;
            Now = wait;
            if (wait is not null)
            {
                waits!.Add(wait, howLong);
            }

            return true;
        }
    }

    /// <summary>Leaves the loop; from here on a stop waits for what the run returns. True when a stop came before.</summary>
    internal bool Leave()
    {
        lock (this)
        {
            _phase = RunnerPhase.Left;
            return _stopRequested;
        }
    }

    /// <summary>Whether the try that has just ended was cut: stopped, its run goes on elsewhere, unless a stop came too.</summary>
    internal bool CutTheTry
    {
        get
        {
            lock (this)
            {
                return _cutTheTry;
            }
        }
    }

    /// <summary>The run has returned: whoever waits on a stop is told.</summary>
    internal void Returned(Return result)
    {
        if (IsFirstToReturn())
        {
            _result.SetResult(result);
        }
    }

    /// <summary>The process has given up the run: it goes on elsewhere, from what was recorded.</summary>
    /// <param name="error">Why; absent when it was abandoned.</param>
    internal void GivenUp(Exception? error = null)
    {
        // A stop must not wait for it any longer.
        Leave();
        if (IsFirstToReturn())
        {
            _result.SetException(error ?? new OperationCanceledException("the run was abandoned"));
        }
    }

    private bool IsFirstToReturn()
    {
        lock (this)
        {
            return !_returned && (_returned = true);
        }
    }

    /// <inheritdoc cref="IRunner.StopAsync"/>
    /// <remarks>
    /// A try that runs is told to stop, and whatever it returns other than COMPLETE becomes STOPPED. The wait for it is
    /// bounded by <see cref="RunnerOptions.StopTimeout"/>.
    /// </remarks>
    public Task<StopResult> StopAsync()
    {
        Task<StopResult> stop;
        lock (this)
        {
            if (_asked?.Stop is { } before)
            {
                return before;
            }

            _stopRequested = true;
            (_asked ??= new()).Stop = stop = _phase switch
            {
                RunnerPhase.Pending => BeforeStart,
                RunnerPhase.Sleeping => WhileWaiting,
                RunnerPhase.Running => StoppedResultAsync(Now as IStoppable, StopOutcome.StoppedWhileRunning),
                RunnerPhase.Recording when !_stoppedByItself => StoppedResultAsync(null, StopOutcome.StoppedWhileWaiting),
                _ => StoppedResultAsync(null, StopOutcome.AlreadyFinished),
            };
        }

        HoldNextTry();
        return stop;
    }

    private static readonly Task<StopResult> BeforeStart = Task.FromResult(new StopResult(StopOutcome.StoppedBeforeStart, JobState.Stopped));
    private static readonly Task<StopResult> WhileWaiting = Task.FromResult(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped));

    private async Task<StopResult> StoppedResultAsync(IStoppable? running, StopOutcome ifStopped)
    {
        // Off the caller's stack: the lock is held there, and a job may do anything when told.
        await Task.Yield();
        var error = running is null ? null : await running.TellToStopAsync();
        await ((Task)Result).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        var result = Result.IsCompletedSuccessfully ? await Result : null;
        var outcome = result switch
        {
            null or { End: not RunEnd.Finished } => StopOutcome.MovedOn,
            { FinalState: JobState.Stopped } => ifStopped,
            _ => StopOutcome.AlreadyFinished,
        };
        return new StopResult(outcome, result?.FinalState ?? JobState.Unknown, error);
    }

    /// <summary>
    /// Asks the run to go on elsewhere: at once while it waits, after the try that runs otherwise. A try that completes,
    /// or fails for the last time, ends the run here.
    /// </summary>
    public void HandOver()
    {
        lock (this)
        {
            _handOverRequested = true;
        }

        HoldNextTry();
    }

    /// <summary>Stops the try that runs so that it can be handed over; its log says STOPPED, its budget is not used up.</summary>
    public void CutTry()
    {
        IStoppable? running;
        lock (this)
        {
            _handOverRequested = true;
            _cutRequested = true;
            running = _phase == RunnerPhase.Running ? Now as IStoppable : null;
        }

        HoldNextTry();
        _ = running?.TellToStopAsync();
    }

    /// <summary>
    /// Gives the run up, because another may have taken it over: the try that runs is told to stop, nothing more is
    /// recorded, and <see cref="Runner.RunAsync"/> throws once the job has let go.
    /// </summary>
    public void Abandon()
    {
        CancellationTokenSource? recording;
        TryRun? ended;
        lock (this)
        {
            _abandoned = true;
            (recording, ended) = (_asked?.Abandoned, _phase == RunnerPhase.Recording ? Now as TryRun : null);
        }

        recording?.Cancel();
        ended?.TakeBackLog();
        CutTry();
    }

    /// <summary>Called outside the lock: what waits goes on from here.</summary>
    private void HoldNextTry()
    {
        CancellationTokenSource? waiting;
        object? now;
        lock (this)
        {
            (waiting, now) = (_asked?.NoMoreTries, _phase == RunnerPhase.Sleeping ? Now : null);
        }

        waiting?.Cancel();
        if (now is RetryWait wait)
        {
            EndWait(wait);
        }
    }

    /// <summary>Ends a wait before its time; nothing when it has ended.</summary>
    private protected virtual void EndWait(RetryWait wait)
    {
    }
}
