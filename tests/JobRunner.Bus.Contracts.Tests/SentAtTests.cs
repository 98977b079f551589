using System.Globalization;
using System.Text;

namespace JobRunner.Bus.Contracts.Tests;

/// <summary>Times as schedulers of all languages write them.</summary>
public sealed class SentAtTests
{
    [Theory]
    [InlineData("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z")]
    [InlineData("2026-01-02t03:04:05z", "2026-01-02T03:04:05Z")]
    [InlineData("2026-01-02T03:04:05+00:00", "2026-01-02T03:04:05Z")]
    [InlineData("2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05Z")]
    [InlineData("2026-01-02T03:04:05.123456789Z", "2026-01-02T03:04:05.1234567Z")]
    [InlineData("2026-01-02T03:04:05.5+02:00", "2026-01-02T01:04:05.5Z")]
    [InlineData("2026-01-02T03:04:05", "2026-01-02T03:04:05Z")]
    [InlineData("2026-01-02T03:04:05.123456", "2026-01-02T03:04:05.123456Z")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z")]
    [InlineData("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.5Z")]
    [InlineData("1990-12-31t15:59:60-08:00", "1991-01-01T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z")]
    public void A_time_is_read_as_RFC_3339_has_it_and_without_an_offset_as_UTC(string text, string moment)
    {
        var expected = DateTimeOffset.Parse(moment, CultureInfo.InvariantCulture);

        Assert.Equal(expected, Read<RunJob>(text).SentAt);
        Assert.Equal(expected, Read<StopJob>(text).SentAt);
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00+00:00")]
    [InlineData("0001-01-01t00:00:00.000z")]
    public void The_zero_time_of_Go_counts_as_none(string text)
    {
        Assert.Null(Read<RunJob>(text).SentAt);
        Assert.Null(Read<StopJob>(text).SentAt);
    }

    [Theory]
    [InlineData("2026-01-02")]
    [InlineData("2026-01-02T03:04Z")]
    [InlineData("2026-01-02T24:04:05Z")]
    [InlineData("2026-02-30T03:04:05Z")]
    [InlineData("2026-01-02T03:04:61Z")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:60-14:00")]
    [InlineData("02.01.2026 03:04:05")]
    [InlineData("Fri, 02 Jan 2026 03:04:05 GMT")]
    [InlineData("1767323045")]
    [InlineData("")]
    public void What_is_no_such_time_is_refused_with_an_example(string text)
    {
        var error = Assert.Throws<WireFormatException>(() => Read<RunJob>(text));

        Assert.Contains("at $.sentAt", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("it must be a time as in RFC 3339, for instance \"2026-01-02T03:04:05Z\"", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_time_is_written_so_that_the_last_version_reads_it() => Assert.Contains(
        "\"sentAt\":\"2026-01-02T03:04:05+00:00\"", Encoding.UTF8.GetString(Wire.Serialize(Read<RunJob>("2026-01-02t03:04:05z"))), StringComparison.Ordinal);

    private static T Read<T>(string sentAt)
        where T : class => Wire.Deserialize<T>(Encoding.UTF8.GetBytes($$"""{"requestId":"r","sentAt":"{{sentAt}}"}"""));
}
