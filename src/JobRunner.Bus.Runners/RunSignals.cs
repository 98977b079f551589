using System.Diagnostics.CodeAnalysis;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>
/// Where a run is in its loop, and what others ask of it: stop, hand over, cut the try, abandon. Both change under one lock, so
/// that a stop that comes as a try starts is either seen before the try or told to its job, never lost between.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Have no timer and no link; a run may be stopped after its end.")]
internal sealed class RunSignals
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _noMoreTries = new();
    private readonly CancellationTokenSource _abandoned = new();
    private RunnerPhase _phase = RunnerPhase.Pending;
    private JobTry? _try;
    private string _lastStatus = "";
    private bool _stop;
    private bool _handOver;
    private bool _cut;
    private bool _stoppedByItself;
    private Task<StopResult>? _answer;
    private Task<Return>? _run;

    /// <summary>Fires on a stop or a hand-over: no further try is to start. Nothing of a job's listens to it.</summary>
    public CancellationToken NoMoreTries => _noMoreTries.Token;

    /// <summary>Fires when the run is abandoned: nothing more of it is recorded. Nothing of a job's listens to it.</summary>
    public CancellationToken Abandoned => _abandoned.Token;

    /// <summary>Begins the run. It changes phase only once its task is known here, for whoever stops it.</summary>
    public Task<Return> Begin<T>(T runner, Func<T, Task<Return>> loop)
    {
        lock (_lock)
        {
            return _run = loop(runner);
        }
    }

    /// <summary>Where the run is, and what its job said last.</summary>
    public (RunnerPhase Phase, string Status) Look()
    {
        lock (_lock)
        {
            return (_phase, _try?.Status ?? _lastStatus);
        }
    }

    /// <summary>Starts the next try, unless it must not start.</summary>
    public bool TryStart(JobTry next)
    {
        lock (_lock)
        {
            if (_stop || _handOver)
            {
                return false;
            }

            _phase = RunnerPhase.Running;
            _try = next;
            return true;
        }
    }

    /// <summary>The try has ended. A try that was stopped or cut is STOPPED, unless it is complete all the same.</summary>
    /// <param name="state">The state its job returned.</param>
    /// <returns>The state to log, and whether the try was cut: its run goes on elsewhere, unless a stop comes too.</returns>
    public (JobState State, bool Cut) TryEnded(JobState state)
    {
        lock (_lock)
        {
            _phase = RunnerPhase.Recording;
            _lastStatus = _try?.Status ?? "";
            _try = null;
            _stoppedByItself = state == JobState.Stopped && !_cut;
            return ((_stop || _cut) && state != JobState.Complete ? JobState.Stopped : state, _cut);
        }
    }

    /// <summary>Begins the wait for the next try. Whoever stops the run from here on has the answer at once.</summary>
    public void Sleep()
    {
        lock (_lock)
        {
            // Asked before: the wait ends at once, and the answer is the run's.
            _phase = _stop || _handOver ? _phase : RunnerPhase.Sleeping;
        }
    }

    /// <summary>Leaves the loop: what the run returns is decided now. True when a stop came before.</summary>
    public bool Leave()
    {
        lock (_lock)
        {
            _phase = RunnerPhase.Left;
            return _stop;
        }
    }

    /// <inheritdoc cref="IRunner.StopAsync"/>
    public Task<StopResult> StopAsync()
    {
        JobTry? running;
        Task<StopResult> answer;
        lock (_lock)
        {
            if (_answer is not null)
            {
                return _answer;
            }

            _stop = true;
            running = _try;
            _answer = answer = _phase switch
            {
                // The run broke, or was abandoned.
                _ when _run is { IsCompleted: true } => AnswerAtEndAsync(StopOutcome.AlreadyFinished, null),
                RunnerPhase.Pending => Task.FromResult(new StopResult(StopOutcome.StoppedBeforeStart, JobState.Stopped)),
                RunnerPhase.Sleeping => Task.FromResult(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped)),
                RunnerPhase.Running => AnswerAtEndAsync(StopOutcome.StoppedWhileRunning, running),
                RunnerPhase.Recording when !_stoppedByItself => AnswerAtEndAsync(StopOutcome.StoppedWhileWaiting, null),
                _ => AnswerAtEndAsync(StopOutcome.AlreadyFinished, null),
            };
        }

        HoldNextTry(running);
        return answer;
    }

    /// <inheritdoc cref="Runner.HandOver"/>
    public void HandOver()
    {
        lock (_lock)
        {
            _handOver = true;
        }

        HoldNextTry(null);
    }

    /// <inheritdoc cref="Runner.CutTry"/>
    public void CutTry()
    {
        JobTry? running;
        lock (_lock)
        {
            _handOver = _cut = true;
            running = _try;
        }

        HoldNextTry(running);
    }

    /// <inheritdoc cref="Runner.Abandon"/>
    public void Abandon()
    {
        _ = _abandoned.CancelAsync();
        CutTry();
    }

    /// <summary>Called outside the lock. Whatever goes on by this does so on threads of the pool, not on the asker's.</summary>
    private void HoldNextTry(JobTry? running)
    {
        _ = _noMoreTries.CancelAsync();
        running?.AskToStop();
    }

    private async Task<StopResult> AnswerAtEndAsync(StopOutcome ifStopped, JobTry? running)
    {
        await ((Task)_run!).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var end = _run.IsCompletedSuccessfully ? await _run : null;
        var outcome = end switch
        {
            null or { End: not RunEnd.Finished } => StopOutcome.MovedOn,
            { FinalState: JobState.Stopped } => ifStopped,
            _ => StopOutcome.AlreadyFinished,
        };
        return new StopResult(outcome, end?.FinalState ?? JobState.Unknown, running?.StopError);
    }
}
