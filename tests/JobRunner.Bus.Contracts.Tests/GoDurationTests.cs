using CsCheck;

namespace JobRunner.Bus.Contracts.Tests;

public sealed class GoDurationTests
{
    private const long Second = 1_000_000_000;
    private const long Minute = 60 * Second;
    private const long Hour = 60 * Minute;

    [Theory]
    [InlineData(null, 0)]
    [InlineData("", 0)]
    [InlineData("0", 0)]
    [InlineData("+0", 0)]
    [InlineData("-0", 0)]
    [InlineData("0s", 0)]
    [InlineData("5s", 5 * Second)]
    [InlineData("30s", 30 * Second)]
    [InlineData("1478s", 1478 * Second)]
    [InlineData("-5s", -5 * Second)]
    [InlineData("+5s", 5 * Second)]
    [InlineData("5.0s", 5 * Second)]
    [InlineData("5.6s", 5_600_000_000)]
    [InlineData("5.s", 5 * Second)]
    [InlineData(".5s", Second / 2)]
    [InlineData("-.5s", -Second / 2)]
    [InlineData("1.004s", 1_004_000_000)]
    [InlineData("100.00100s", 100_001_000_000)]
    [InlineData("10ns", 10)]
    [InlineData("11us", 11_000)]
    [InlineData("12µs", 12_000)]
    [InlineData("12μs", 12_000)]
    [InlineData("13ms", 13_000_000)]
    [InlineData("14s", 14 * Second)]
    [InlineData("15m", 15 * Minute)]
    [InlineData("16h", 16 * Hour)]
    [InlineData("3h30m", 3 * Hour + 30 * Minute)]
    [InlineData("1h30m", Hour + 30 * Minute)]
    [InlineData("10.5s4m", 4 * Minute + 10 * Second + Second / 2)]
    [InlineData("-2m3.4s", -(2 * Minute + 3_400_000_000))]
    [InlineData("-1.5h", -(Hour + 30 * Minute))]
    [InlineData("1h2m3s4ms5us6ns", Hour + 2 * Minute + 3 * Second + 4_005_006)]
    [InlineData("1s1s", 2 * Second)]
    [InlineData("0.9999999999s", 999_999_999)]
    [InlineData("0.3ns", 0)]
    [InlineData("0.100000000000000000000h", 6 * Minute)]
    [InlineData("0.830103483285477580700h", 2_988_372_539_827)]
    [InlineData("9007199254.740993ms", 9_007_199_254_740_993)]
    [InlineData("9223372036854775807ns", long.MaxValue)]
    [InlineData("9223372036854775.807us", long.MaxValue)]
    [InlineData("9223372036s854ms775us807ns", long.MaxValue)]
    [InlineData("-9223372036854775808ns", long.MinValue)]
    [InlineData("-9223372036854775.808us", long.MinValue)]
    [InlineData("-2562047h47m16.854775808s", long.MinValue)]
    public void A_duration_reads_as_in_Go(string? text, long nanoseconds)
    {
        Assert.True(GoDuration.TryParse(text, out var duration));
        Assert.Equal(nanoseconds, duration.Nanoseconds);
        Assert.Equal(nanoseconds, GoDuration.Parse(text).Nanoseconds);
    }

    [Theory]
    [InlineData("3")]
    [InlineData("-")]
    [InlineData("+")]
    [InlineData("s")]
    [InlineData(".")]
    [InlineData("-.")]
    [InlineData(".s")]
    [InlineData("+.s")]
    [InlineData("1.")]
    [InlineData("1d")]
    [InlineData("1D")]
    [InlineData("1S")]
    [InlineData("1 s")]
    [InlineData(" 1s")]
    [InlineData("1s ")]
    [InlineData(" ")]
    [InlineData("00")]
    [InlineData("1s2")]
    [InlineData("1h-30m")]
    [InlineData("--1s")]
    [InlineData("1.2.3s")]
    [InlineData("1e3s")]
    [InlineData("0x1s")]
    [InlineData("١s")]
    [InlineData("1\0s")]
    [InlineData("9223372036854775808ns")]
    [InlineData("9223372036854775.808us")]
    [InlineData("9223372036854ms775us808ns")]
    [InlineData("-9223372036854775809ns")]
    [InlineData("18446744073709551616ns")]
    [InlineData("99999999999999999999999h")]
    [InlineData("3000000h")]
    [InlineData("2562048h")]
    [InlineData("9223372036854775807ns9223372036854775807ns9223372036854775807ns")]
    public void What_Go_refuses_is_refused(string text)
    {
        Assert.False(GoDuration.TryParse(text, out _));
        var error = Assert.Throws<FormatException>(() => GoDuration.Parse(text));
        Assert.Contains($"\"{text}\" is not a duration", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(1, "1ns")]
    [InlineData(-1, "-1ns")]
    [InlineData(999, "999ns")]
    [InlineData(1_100, "1.1µs")]
    [InlineData(2_200_000, "2.2ms")]
    [InlineData(999_999_999, "999.999999ms")]
    [InlineData(Second, "1s")]
    [InlineData(3_300_000_000, "3.3s")]
    [InlineData(Minute, "1m0s")]
    [InlineData(4 * Minute + 5 * Second, "4m5s")]
    [InlineData(4 * Minute + 5_001_000_000, "4m5.001s")]
    [InlineData(Hour, "1h0m0s")]
    [InlineData(5 * Hour + 6 * Minute + 7_001_000_000, "5h6m7.001s")]
    [InlineData(8 * Minute + 1, "8m0.000000001s")]
    [InlineData(-(Hour + 30 * Minute), "-1h30m0s")]
    [InlineData(long.MaxValue, "2562047h47m16.854775807s")]
    [InlineData(long.MinValue, "-2562047h47m16.854775808s")]
    public void A_duration_prints_as_in_Go(long nanoseconds, string text) =>
        Assert.Equal(text, new GoDuration(nanoseconds).ToString());

    [Fact]
    public void What_is_printed_reads_back_the_same() => Gen.OneOf(
            Gen.Long, Gen.Long[-1000 * Second, 1000 * Second], Gen.Const(long.MaxValue), Gen.Const(long.MinValue))
        .Sample(nanoseconds => Assert.Equal(nanoseconds, GoDuration.Parse(new GoDuration(nanoseconds).ToString()).Nanoseconds));

    [Fact]
    public void Time_spans_come_back_the_same() => Gen.Long[long.MinValue / 100, long.MaxValue / 100].Sample(ticks =>
        Assert.Equal(new TimeSpan(ticks), GoDuration.FromTimeSpan(new TimeSpan(ticks)).ToTimeSpan()));

    [Fact]
    public void A_span_is_never_shorter_than_its_wait_nor_100_ns_longer() => Gen.Long[1, long.MaxValue].Sample(nanoseconds =>
    {
        var ticks = new GoDuration(nanoseconds).ToTimeSpan().Ticks;
        Assert.True(ticks > 0);
        Assert.InRange((Int128)ticks * 100, nanoseconds, (Int128)nanoseconds + 99);
    });

    [Fact]
    public void A_span_of_more_than_292_years_is_refused() =>
        Assert.Throws<OverflowException>(() => GoDuration.FromTimeSpan(TimeSpan.MaxValue));

    [Fact]
    public void No_text_whatever_throws_anything_but_FormatException() =>
        Gen.String["0123456789.+-hmsunµμ "].Sample(text =>
        {
            if (!GoDuration.TryParse(text, out var duration))
            {
                Assert.Equal(GoDuration.Zero, duration);
            }
        });
}
