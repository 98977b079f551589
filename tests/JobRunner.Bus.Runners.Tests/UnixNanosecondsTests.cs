using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

public sealed class UnixNanosecondsTests
{
    [Theory]
    [InlineData("1970-01-01T00:00:00Z", 0)]
    [InlineData("1970-01-01T00:00:01.0000001Z", 1_000_000_100)]
    [InlineData("1970-01-01T02:00:00+02:00", 0)]
    [InlineData("1969-12-31T23:59:59Z", -1_000_000_000)]
    [InlineData("2026-01-02T03:04:05Z", 1_767_323_045_000_000_000)]
    public void A_moment_has_one_number_and_comes_back_from_it(string moment, long nanoseconds)
    {
        var time = DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture);

        Assert.Equal(nanoseconds, UnixNanoseconds.From(time));
        Assert.Equal(time, UnixNanoseconds.ToDateTimeOffset(nanoseconds));
    }

    [Fact]
    public void Now_is_the_clocks_now()
    {
        Assert.Equal(1_767_323_045_000_000_000, UnixNanoseconds.Now(new WatchedTime()));
        Assert.Throws<ArgumentNullException>(() => UnixNanoseconds.Now(null!));
    }
}
