using JobRunner.Bus.Leases;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Leases;

public sealed class LeaseClockTests
{
    [Fact]
    public void Time_without_contact_counts_from_the_moment_of_the_last()
    {
        var time = new FakeTimeProvider();
        var clock = new LeaseClock(time);
        time.Advance(TimeSpan.FromSeconds(3));
        var asked = clock.Now();
        time.Advance(TimeSpan.FromSeconds(4));
        Assert.Equal(TimeSpan.FromSeconds(7), clock.Since());

        clock.Contact(asked);

        Assert.Equal(TimeSpan.FromSeconds(4), clock.Since());
    }

    [Fact]
    public void The_sleep_of_a_machine_counts_though_its_monotonic_clock_stood_still()
    {
        var time = new SleepyTime();
        var clock = new LeaseClock(time);

        time.Wall += TimeSpan.FromMinutes(5);

        Assert.Equal(TimeSpan.FromMinutes(5), clock.Since());
    }

    [Fact]
    public void A_clock_that_is_set_back_hides_nothing()
    {
        var time = new SleepyTime();
        var clock = new LeaseClock(time);

        time.Ticks += TimeSpan.FromSeconds(20).Ticks;
        time.Wall -= TimeSpan.FromHours(1);

        Assert.Equal(TimeSpan.FromSeconds(20), clock.Since());
    }

    private sealed class SleepyTime : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

        public long Ticks { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Ticks;

        public override DateTimeOffset GetUtcNow() => Wall;
    }
}
