using JobRunner.Bus.Delivery.Gate;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Delivery.Gate;

public sealed class UnderWayTests
{
    [Fact]
    public async Task What_is_at_the_store_is_broken_off_two_seconds_after_all_else()
    {
        var time = new FakeTimeProvider();
        using var underWay = new UnderWay(time);

        underWay.Requeue();
        Assert.True(underWay.Ending.IsCancellationRequested);
        time.Advance(TimeSpan.FromSeconds(1.9));
        Assert.False(underWay.Ended.IsCancellationRequested);
        time.Advance(TimeSpan.FromSeconds(0.1));

        await TestKit.Eventually.HoldsAsync("it is broken off", () => underWay.Ended.IsCancellationRequested);
    }

    [Fact]
    public void A_timer_that_fires_as_the_host_is_disposed_of_throws_nothing()
    {
        var time = new LateTime();
        var underWay = new UnderWay(time);
        using var broken = underWay.Ended.Register(() => throw new InvalidOperationException("of whoever is told"));

        underWay.Requeue();
        underWay.Dispose();

        time.Fire();
    }

    /// <summary>Its timers fire though they are disposed of, as the system's do that were about to.</summary>
    private sealed class LateTime : TimeProvider
    {
        private Action? _fire;

        public void Fire() => _fire!();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            _fire = () => callback(state);
            return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}
