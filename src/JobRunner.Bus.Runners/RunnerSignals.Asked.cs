using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <content>What may be asked: to stop, to hand over, to cut the try, to give up.</content>
public partial class RunnerSignals
{
    private static readonly Task<StopResult> BeforeStart = Task.FromResult(new StopResult(StopOutcome.StoppedBeforeStart, JobState.Stopped));
    private static readonly Task<StopResult> WhileWaiting = Task.FromResult(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped));

    [Flags]
    private enum Asks : byte
    {
        None = 0,
        Stop = 1,
        HandOver = 2,
        Cut = 4,
        Abandon = 8,
    }

    /// <summary>What only those need that are asked something.</summary>
    private sealed class Asked
    {
        public CancellationTokenSource? NoMoreTries;
        public CancellationTokenSource? Abandoned;
        public Task<StopResult>? Stop;
    }

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
                return (_asks & Asks.Abandon) != 0 ? new CancellationToken(canceled: true) : ((_asked ??= new()).Abandoned ??= new()).Token;
            }
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

            _asks |= Asks.Stop;
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
            _asks |= Asks.HandOver;
        }

        HoldNextTry();
    }

    /// <summary>Stops the try that runs so that it can be handed over; its log says STOPPED, its budget is not used up.</summary>
    public void CutTry()
    {
        IStoppable? running;
        lock (this)
        {
            _asks |= Asks.HandOver | Asks.Cut;
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
            _asks |= Asks.Abandon;
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
