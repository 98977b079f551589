using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Runners.Tests.Kit;

/// <summary>A clock moved by hand that tells how many timers are set, so that a test can wait for one before it moves on.</summary>
internal sealed class WatchedTime() : FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
{
    private int _timers;

    public int Timers => Volatile.Read(ref _timers);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Watched(this, base.CreateTimer(callback, state, dueTime, period));
        Interlocked.Increment(ref _timers);
        return timer;
    }

    /// <summary>Waits for so many timers, then moves the clock.</summary>
    public async Task AdvanceOnce(int timers, TimeSpan by)
    {
        await Wait.Until(() => Timers == timers, $"{timers} timers are set");
        Advance(by);
    }

    private sealed class Watched(WatchedTime owner, ITimer timer) : ITimer
    {
        private int _disposed;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _disposed, 1) == 0)
            {
                Interlocked.Decrement(ref owner._timers);
            }

            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
