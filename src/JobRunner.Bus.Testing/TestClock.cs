using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Testing;

/// <summary>A clock that moves only when it is told to, and knows when its next timer is due.</summary>
public sealed class TestClock : FakeTimeProvider
{
    private readonly Lock _lock = new();
    private readonly HashSet<Tracked> _timers = [];

    internal TestClock()
        : base(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Tracked(this, base.CreateTimer(callback, state, dueTime, period));
        timer.IsDueIn(dueTime);
        return timer;
    }

    /// <summary>How long until the next timer is due; <see langword="null"/> if none is set.</summary>
    internal TimeSpan? UntilNext()
    {
        lock (_lock)
        {
            var now = GetUtcNow();
            _timers.RemoveWhere(timer => timer.Due <= now);
            return _timers.Count == 0 ? null : _timers.Min(timer => timer.Due) - now;
        }
    }

    private sealed class Tracked(TestClock clock, ITimer timer) : ITimer
    {
        public DateTimeOffset Due { get; private set; }

        public void IsDueIn(TimeSpan dueTime)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime > TimeSpan.Zero)
                {
                    Due = clock.GetUtcNow() + dueTime;
                    clock._timers.Add(this);
                }
            }
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            IsDueIn(dueTime);
            return timer.Change(dueTime, period);
        }

        public void Dispose()
        {
            IsDueIn(Timeout.InfiniteTimeSpan);
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            IsDueIn(Timeout.InfiniteTimeSpan);
            return timer.DisposeAsync();
        }
    }
}
