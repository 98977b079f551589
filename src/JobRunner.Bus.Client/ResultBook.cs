using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Client;

/// <summary>Brings results and those who wait for them together, whoever comes first.</summary>
/// <param name="keep">How long a result that nobody waits for is kept.</param>
/// <param name="most">How many of them are kept; the oldest goes first.</param>
/// <param name="time">The clock.</param>
internal sealed class ResultBook(TimeSpan keep, int most, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<JobKey, List<Waiter>> _waiters = [];
    private readonly Dictionary<JobKey, Unclaimed> _unclaimed = [];
    private readonly Queue<(JobKey Key, Unclaimed Result)> _byAge = new();
    private Exception? _over;

    /// <summary>How many results nobody has asked for.</summary>
    public int UnclaimedCount
    {
        get
        {
            lock (_lock)
            {
                return _unclaimed.Count;
            }
        }
    }

    /// <summary>Waits for the result of a job, or takes the one that is here already.</summary>
    /// <param name="key">The job.</param>
    /// <param name="fromTotalTries">Results of fewer tries than this are of an earlier run: passed over.</param>
    /// <param name="sentAt">When the command was sent; results of commands sent before are of an earlier run, too.</param>
    /// <param name="fresh">Whether a result that is here already is of an earlier run, too.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public Task<JobFinished> WaitAsync(JobKey key, long fromTotalTries, DateTimeOffset? sentAt, bool fresh, CancellationToken cancellationToken)
    {
        var waiter = new Waiter(fromTotalTries, sentAt);
        Unclaimed? found;
        lock (_lock)
        {
            if (_over is not null)
            {
                return Task.FromException<JobFinished>(_over);
            }

            if (!_unclaimed.Remove(key, out found) || fresh || !waiter.IsFor(found.Result, found.CommandSentAt))
            {
                if (!_waiters.TryGetValue(key, out var same))
                {
                    _waiters[key] = same = [];
                }

                same.Add(waiter);
            }
            else
            {
                waiter.Done.SetResult(found.Result);
            }
        }

        found?.Settle();
        return waiter.Done.Task.IsCompleted ? waiter.Done.Task : WaitAsync(key, waiter, cancellationToken);
    }

    private async Task<JobFinished> WaitAsync(JobKey key, Waiter waiter, CancellationToken cancellationToken)
    {
        try
        {
            return await waiter.Done.Task.WaitAsync(cancellationToken);
        }
        finally
        {
            lock (_lock)
            {
                if (_waiters.TryGetValue(key, out var same) && same.Remove(waiter) && same.Count == 0)
                {
                    _waiters.Remove(key);
                }
            }
        }
    }

    /// <summary>Takes a result in.</summary>
    /// <param name="result">The result.</param>
    /// <param name="commandSentAt">When its command was sent; unknown where the worker did not say.</param>
    /// <param name="settle">Called once the result is handed over or dropped.</param>
    public void Add(JobFinished result, DateTimeOffset? commandSentAt, Action settle)
    {
        var key = new JobKey(result.RequestId, result.JobId);
        var unclaimed = new Unclaimed(result, commandSentAt, settle, time.GetTimestamp());
        List<Unclaimed> settled = [];
        lock (_lock)
        {
            if (Claim(key, result, commandSentAt))
            {
                settled.Add(unclaimed);
            }
            else
            {
                if (_unclaimed.Remove(key, out var older))
                {
                    settled.Add(older);
                }

                _unclaimed[key] = unclaimed;
                _byAge.Enqueue((key, unclaimed));
            }

            RemoveOld(settled);
        }

        foreach (var one in settled)
        {
            one.Settle();
        }
    }

    /// <summary>Drops what was kept long enough.</summary>
    public void Sweep()
    {
        List<Unclaimed> settled = [];
        lock (_lock)
        {
            RemoveOld(settled);
        }

        foreach (var one in settled)
        {
            one.Settle();
        }
    }

    /// <summary>Forgets results that come again by themselves, since they were not settled before the connection was lost.</summary>
    public void ForgetUnclaimed()
    {
        lock (_lock)
        {
            _unclaimed.Clear();
            _byAge.Clear();
        }
    }

    /// <summary>Fails everyone who waits.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="forGood">Whether whoever waits from now on fails as well.</param>
    public void Fail(Exception reason, bool forGood)
    {
        List<Waiter> waiting;
        lock (_lock)
        {
            waiting = [.. _waiters.Values.SelectMany(same => same)];
            _waiters.Clear();
            _over = forGood ? reason : null;
        }

        foreach (var waiter in waiting)
        {
            waiter.Done.TrySetException(reason);
        }
    }

    private bool Claim(JobKey key, JobFinished result, DateTimeOffset? commandSentAt)
    {
        if (!_waiters.TryGetValue(key, out var same))
        {
            return false;
        }

        var claimed = same.Where(waiter => waiter.IsFor(result, commandSentAt)).ToList();
        foreach (var waiter in claimed)
        {
            waiter.Done.TrySetResult(result);
            same.Remove(waiter);
        }

        if (same.Count == 0)
        {
            _waiters.Remove(key);
        }

        return claimed.Count > 0;
    }

    private void RemoveOld(List<Unclaimed> settled)
    {
        while (_byAge.TryPeek(out var oldest)
            && (_unclaimed.Count > most || time.GetElapsedTime(oldest.Result.Since) >= keep || !IsKept(oldest.Key, oldest.Result)))
        {
            _byAge.Dequeue();
            if (IsKept(oldest.Key, oldest.Result))
            {
                _unclaimed.Remove(oldest.Key);
                settled.Add(oldest.Result);
            }
        }
    }

    private bool IsKept(JobKey key, Unclaimed result) => _unclaimed.TryGetValue(key, out var kept) && ReferenceEquals(kept, result);

    private sealed class Waiter(long fromTotalTries, DateTimeOffset? sentAt)
    {
        /// <summary>Whether a result is not of an earlier run, whose end may be told again.</summary>
        public bool IsFor(JobFinished result, DateTimeOffset? commandSentAt) =>
            result.TotalTries >= fromTotalTries && !(commandSentAt < sentAt);

        public TaskCompletionSource<JobFinished> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed record Unclaimed(JobFinished Result, DateTimeOffset? CommandSentAt, Action Settle, long Since);
}

/// <summary>A job, by the ids that tell it from all others.</summary>
internal readonly record struct JobKey(string RequestId, string JobId);
