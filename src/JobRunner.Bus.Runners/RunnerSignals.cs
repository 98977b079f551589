using System.Runtime.CompilerServices;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>
/// What others ask of a runner (stop, hand over, cut), and where it is. Both change under one lock, so that a stop that
/// comes as a try starts is either seen before the try or told to its job, never lost between.
/// </summary>
/// <remarks>
/// There is one per run, and most runs are never asked anything: what only those need that are is made on demand. It is the runner's base
/// and not a part of it because there are many runners.
/// </remarks>
public partial class RunnerSignals
{
    // Completed as an async method's task is: its continuations run where the run ends.
    private AsyncTaskMethodBuilder<Return> _result = AsyncTaskMethodBuilder<Return>.Create();
    private Asked? _asked;
    private RunnerPhase _phase = RunnerPhase.Pending;
    private Asks _asks;
    private bool _returned;
    private bool _cutTheTry;
    private bool _stoppedByItself;
    // The runner's own, here because each class rounds its size up.
    private protected JobState _state = JobState.Pending; // of the last try
    private protected bool _leaveLastLog;
    private protected bool _noPlaceForItsType;

    internal RunnerSignals() => _ = _result.Task;

    /// <summary>The try that runs or ran last, or the wait after it; none before the first.</summary>
    private protected object? Now { get; private set; }

    /// <summary>What the run returns.</summary>
    private protected Task<Return> Result => _result.Task;

    private bool HeldBack => (_asks & (Asks.Stop | Asks.HandOver)) != 0;

    /// <summary>Where the runner is.</summary>
    internal RunnerPhase Phase => Look().Phase;

    /// <summary>Whether the run is abandoned.</summary>
    private protected bool IsAbandoned
    {
        get
        {
            lock (this)
            {
                return (_asks & Asks.Abandon) != 0;
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
            _cutTheTry = (_asks & Asks.Cut) != 0;
            _stoppedByItself = state == JobState.Stopped && !_cutTheTry;
            return (_asks & (Asks.Stop | Asks.Cut)) != 0 && state != JobState.Complete ? JobState.Stopped : state;
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
            return (_asks & Asks.Stop) != 0;
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
}
