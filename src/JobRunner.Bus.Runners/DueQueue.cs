namespace JobRunner.Bus.Runners;

/// <summary>
/// What waits for its time, however much of it: one timer for all, set to the first that is due. Whatever waits leaves the queue
/// once, when it is due or when it is taken out. Safe for use by any thread.
/// </summary>
/// <remarks>Ordered by a heap that knows where each entry stands, so that taking one out is cheap, too, and leaves nothing behind.</remarks>
internal sealed class DueQueue(TimeProvider time)
{
    // What a timer holds, about 49 days: waits reach 292 years.
    private static readonly TimeSpan LongestTimer = TimeSpan.FromMilliseconds(uint.MaxValue - 1);

    private readonly Lock _lock = new();
    private readonly long _began = time.GetTimestamp();
    private DueEntry[] _heap = new DueEntry[4];
    private int _count;
    private ITimer? _timer;
    private long _firesAt = long.MaxValue;
    private int _timerAsked;

    /// <summary>How many entries wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>
    /// Now, in ticks of 100 ns since this queue began. Never asked for within the lock: a clock moved by hand calls timers that are due as it
    /// is asked, and they may wait for whoever waits for this lock.
    /// </summary>
    private long Now => time.GetElapsedTime(_began).Ticks;

    /// <summary>Adds an entry that waits nowhere; it is told when its time has come, at once for none.</summary>
    /// <exception cref="InvalidOperationException">It waits already.</exception>
    public void Add(DueEntry entry, TimeSpan wait)
    {
        var now = Now;
        lock (_lock)
        {
            if (entry.Place >= 0)
            {
                throw new InvalidOperationException("what waits already cannot wait twice");
            }

            entry.DueAt = now + Math.Clamp(wait.Ticks, 0, long.MaxValue - now);
            if (_count == _heap.Length)
            {
                Array.Resize(ref _heap, 2 * _count);
            }

            Up(_count++, entry);
        }

        SetTimer();
    }

    /// <summary>Takes an entry out.</summary>
    /// <returns>False when it was due, or taken out, before.</returns>
    public bool Remove(DueEntry entry)
    {
        lock (_lock)
        {
            if (entry.Place < 0)
            {
                return false;
            }

            TakeOut(entry.Place);
        }

        SetTimer();
        return true;
    }

    /// <summary>How long until this entry is due, or was to be; none for one that is.</summary>
    public TimeSpan TimeLeft(DueEntry entry) => TimeSpan.FromTicks(Math.Max(0, entry.DueAt - Now));

    private void Fire()
    {
        List<DueEntry> due = [];
        var now = Now;
        lock (_lock)
        {
            _firesAt = long.MaxValue;
            while (_count > 0 && _heap[0].DueAt <= now)
            {
                due.Add(_heap[0]);
                TakeOut(0);
            }
        }

        SetTimer();
        // Outside the lock: they may add and take out others.
        foreach (var entry in due)
        {
            entry.Due();
        }
    }

    /// <summary>
    /// Sets the timer for the first entry, if nobody is at it, who else does it once more. Outside the lock: a clock moved by hand
    /// calls other timers as one is set, and they may wait for what is locked elsewhere.
    /// </summary>
    private void SetTimer()
    {
        if (Interlocked.Increment(ref _timerAsked) != 1)
        {
            return;
        }

        int asked;
        do
        {
            asked = Volatile.Read(ref _timerAsked);
            SetTimerOnce();
        }
        while (Interlocked.CompareExchange(ref _timerAsked, 0, asked) != asked);
    }

    /// <summary>By one thread at a time. A timer that fires too early is none the worse; only a later one is moved.</summary>
    private void SetTimerOnce()
    {
        TimeSpan wait;
        var now = Now;
        lock (_lock)
        {
            if (_count > 0 && _heap[0].DueAt >= _firesAt)
            {
                return;
            }

            // Timers count whole milliseconds; rounded up, so that none is over before its time.
            var left = TimeSpan.FromTicks(_count == 0 ? 0 : Math.Max(0, _heap[0].DueAt - now));
            wait = _count == 0 ? Timeout.InfiniteTimeSpan : left < LongestTimer ? TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)) : LongestTimer;
            _firesAt = _count == 0 ? long.MaxValue : _heap[0].DueAt;
        }

        if (wait == Timeout.InfiniteTimeSpan)
        {
            _timer?.Dispose();
            _timer = null;
        }
        else if (_timer is null)
        {
            // All runs share it: none is to lend it its context.
            using var _ = ExecutionContext.IsFlowSuppressed() ? default(AsyncFlowControl?) : ExecutionContext.SuppressFlow();
            _timer = time.CreateTimer(static queue => ((DueQueue)queue!).Fire(), this, wait, Timeout.InfiniteTimeSpan);
        }
        else
        {
            _timer.Change(wait, Timeout.InfiniteTimeSpan);
        }
    }

    private void TakeOut(int place)
    {
        _heap[place].Place = -1;
        var last = _heap[--_count];
        _heap[_count] = null!;
        if (place == _count)
        {
            return;
        }

        if (place > 0 && last.DueAt < _heap[(place - 1) / 2].DueAt)
        {
            Up(place, last);
        }
        else
        {
            Down(place, last);
        }
    }

    private void Up(int place, DueEntry entry)
    {
        while (place > 0 && _heap[(place - 1) / 2] is var above && entry.DueAt < above.DueAt)
        {
            Put(place, above);
            place = (place - 1) / 2;
        }

        Put(place, entry);
    }

    private void Down(int place, DueEntry entry)
    {
        while ((2 * place) + 1 is var below && below < _count)
        {
            if (below + 1 < _count && _heap[below + 1].DueAt < _heap[below].DueAt)
            {
                below++;
            }

            if (_heap[below].DueAt >= entry.DueAt)
            {
                break;
            }

            Put(place, _heap[below]);
            place = below;
        }

        Put(place, entry);
    }

    private void Put(int place, DueEntry entry) => (_heap[place] = entry).Place = place;
}
