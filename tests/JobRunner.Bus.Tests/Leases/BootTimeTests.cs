using System.Globalization;
using JobRunner.Bus.Leases;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Leases;

public sealed class BootTimeTests
{
    [Fact]
    public void It_is_the_systems_time_since_boot_sleep_included()
    {
        var clock = BootTime.Of(TimeProvider.System);
        var before = UpTime();

        var now = TimeSpan.FromTicks(clock.GetTimestamp()).TotalSeconds;

        // /proc/uptime counts sleep, too, in hundredths of a second.
        Assert.InRange(now, before, UpTime() + 0.02);
        Assert.IsType<BootTime>(clock);
    }

    [Fact]
    public void A_clock_that_is_not_the_systems_is_left_as_it_is()
    {
        var time = new FakeTimeProvider();

        Assert.Same(time, BootTime.Of(time));
    }

    private static double UpTime() => double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
}
