using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>Where a runner is in its loop.</summary>
internal enum RunnerPhase
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
/// <remarks>There is one per run, and most runs are never asked anything: what only those need that are is made on demand.</remarks>
internal sealed class RunnerSignals : IDisposable
{
    private CancellationTokenSource? _noMoreTries;
    private TaskCompletionSource<Return?>? _toldReturn;
    private Return? _return;
    private bool _returned;
    private RunnerPhase _phase = RunnerPhase.Pending;
    private bool _stopRequested;
    private bool _handOverRequested;
    private bool _cutRequested;
    private bool _cutTheTry;
    private bool _stoppedByItself;
    private IStoppable? _running;
    private Task<StopResult>? _stop;

    /// <summary>Fires on a stop or a hand-over: no further try is to start.</summary>
    public CancellationToken NoMoreTries
    {
        get
        {
            lock (this)
            {
                return _stopRequested || _handOverRequested ? new CancellationToken(canceled: true) : (_noMoreTries ??= new()).Token;
            }
        }
    }

    /// <summary>Where the runner is.</summary>
    public RunnerPhase Phase
    {
        get
        {
            lock (this)
            {
                return _phase;
            }
        }
    }

    /// <summary>Starts the next try, unless it must not start.</summary>
    /// <param name="next">The try, to be told to stop.</param>
    public bool TryStart(IStoppable next)
    {
        lock (this)
        {
            if (_stopRequested || _handOverRequested)
            {
                return false;
            }

            _phase = RunnerPhase.Running;
            _running = next;
            return true;
        }
    }

    /// <summary>The try has ended; returns its state as it is to be logged.</summary>
    public JobState TryEnded(JobState state)
    {
        lock (this)
        {
            _phase = RunnerPhase.Recording;
            _running = null;
            _cutTheTry = _cutRequested;
            _stoppedByItself = state == JobState.Stopped && !_cutRequested;
            return (_stopRequested || _cutRequested) && state != JobState.Complete ? JobState.Stopped : state;
        }
    }

    /// <summary>Goes to sleep between two tries, unless it must not.</summary>
    public bool TrySleep()
    {
        lock (this)
        {
            if (_stopRequested || _handOverRequested)
            {
                return false;
            }

            _phase = RunnerPhase.Sleeping;
            return true;
        }
    }

    /// <summary>Leaves the loop; from here on a stop waits for what the run returns. True when a stop came before.</summary>
    public bool Leave()
    {
        lock (this)
        {
            _phase = RunnerPhase.Left;
            return _stopRequested;
        }
    }

    /// <summary>Whether the try that has just ended was cut: stopped, its run goes on elsewhere, unless a stop came too.</summary>
    public bool CutTheTry
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
    public void Returned(Return result) => SetReturn(result);

    private void SetReturn(Return? result)
    {
        TaskCompletionSource<Return?>? told;
        lock (this)
        {
            if (_returned)
            {
                return;
            }

            (_returned, _return, told) = (true, result, _toldReturn);
        }

        told?.SetResult(result);
    }

    private Task<Return?> ReturnAsync()
    {
        lock (this)
        {
            return _returned
                ? Task.FromResult(_return)
                : (_toldReturn ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>The process has given up the run: it goes on elsewhere, from what was recorded.</summary>
    public void GivenUp()
    {
        Leave();
        SetReturn(null);
    }

    public Task<StopResult> StopAsync()
    {
        Task<StopResult> stop;
        lock (this)
        {
            if (_stop is not null)
            {
                return _stop;
            }

            _stopRequested = true;
            _stop = stop = _phase switch
            {
                RunnerPhase.Pending => Task.FromResult(new StopResult(StopOutcome.StoppedBeforeStart, JobState.Stopped)),
                RunnerPhase.Sleeping => Task.FromResult(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped)),
                RunnerPhase.Running => StoppedResultAsync(_running, StopOutcome.StoppedWhileRunning),
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
        var result = await ReturnAsync();
        var outcome = result switch
        {
            null or { End: not RunEnd.Finished } => StopOutcome.MovedOn,
            { FinalState: JobState.Stopped } => ifStopped,
            _ => StopOutcome.AlreadyFinished,
        };
        return new StopResult(outcome, result?.FinalState ?? JobState.Unknown, error);
    }

    public void HandOver()
    {
        lock (this)
        {
            _handOverRequested = true;
        }

        HoldNextTry();
    }

    public void CutTry()
    {
        IStoppable? running;
        lock (this)
        {
            _handOverRequested = true;
            _cutRequested = true;
            running = _running;
        }

        HoldNextTry();
        _ = running?.TellToStopAsync();
    }

    /// <summary>Called outside the lock: what waits on the token goes on from here.</summary>
    private void HoldNextTry()
    {
        try
        {
            Volatile.Read(ref _noMoreTries)?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The run is over and its runner disposed of: there is no next try.
        }
    }

    public void Dispose() => _noMoreTries?.Dispose();
}
