using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Runners;

/// <content>What a run has come to so far: its counters, its logs, its status and what it returns.</content>
public sealed partial class Runner
{
    private long MaxTries => 1 + _command.Job.Retry;

    /// <summary>Tries of this run, the next one included.</summary>
    private long Tries => _tryNumber - _command.TotalTries;

    /// <summary>Number of the next try within the sequence.</summary>
    private long TryNo => _command.PrevTries + Tries;

    /// <summary>Gives the slot of a try that has ended back, and returns its log.</summary>
    private JobLogRecorded LogOf(TryRun current, JobResult result)
    {
        var finishedAt = UnixNanoseconds.Now(_parts.Time);
        var state = TryEnded(result.State);
        Place.Release();
        Log.TryEnded(Logger, _tryNumber, state.ToSeedName(), result.Exit, (finishedAt - current.StartedAt) / 1e9);
        if (state != result.State)
        {
            Log.StateChangedByStop(Logger, _tryNumber, result.State.ToSeedName());
        }

        if (current.GivenUp)
        {
            Log.JobDidNotStop(Logger, _tryNumber, _parts.Options.StopTimeout);
        }

        return TryLog.For(_command, _tryNumber, current.StartedAt, finishedAt, state, result);
    }

    private async ValueTask<Return?> NoTryLeftAsync()
    {
        if (Leave())
        {
            return Returns(JobState.Stopped, _command.TotalTries);
        }

        var error = $"no try left: prevTries {_command.PrevTries} = 1 + retry {_command.Job.Retry}";
        await _parts.Logs.RecordAsync(NoTryLog.For(_command, error), Abandoned);
        return NoTryLog.ReturnFor(_command, error);
    }

    /// <summary>Stopped or handed over before the next try: that try is run again on a resume (seed).</summary>
    private Return NotStarted(TimeSpan wait)
    {
        ThrowIfAbandoned();
        return Leave()
            ? Returns(JobState.Stopped, _tryNumber - 1)
            : Returns(_state, _tryNumber - 1, RunEnd.HandedOver) with { Wait = wait };
    }

    private Return Returns(JobState finalState, long logged, RunEnd end = RunEnd.Finished) => new(_jobData)
    {
        FinalState = finalState,
        Tries = Tries,
        End = end,
        Next = new TryCounters(finalState == JobState.Stopped || end != RunEnd.Finished ? TryNo - 1 : TryNo, logged),
    };

    /// <inheritdoc/>
    public RunnerStatus Status()
    {
        var (phase, now) = Look();
        var sleeping = phase == RunnerPhase.Sleeping;
        var text = (now as TryRun)?.Status ?? (now as RetryWait)?.Status ?? "";
        return new RunnerStatus
        {
            RequestId = _command.RequestId,
            JobId = _command.Job.Id,
            Type = _command.Job.Type,
            Name = _command.Job.Name,
            StartedAt = _startedAt,
            State = now is null ? JobState.Pending : JobState.Running,
            Status = sleeping ? "(retry sleep) " + text : text,
            Try = Interlocked.Read(ref _tryNumber),
            Sleeping = sleeping,
        };
    }
}
