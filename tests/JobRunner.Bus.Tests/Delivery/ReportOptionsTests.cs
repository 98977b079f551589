using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Redeliver;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class ReportOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_contract_and_pass()
    {
        var options = new ReportOptions();

        Assert.Equal((32, TimeSpan.FromHours(24)), (options.Concurrency, options.RedeliverFor));
        Assert.Equal(["00:00:05", "00:00:30", "00:02:00", "00:10:00", "01:00:00"], options.Delays.Select(delay => delay.ToString()));
        Assert.True(new ReportOptionsRules().Validate(null, options).Succeeded);
    }

    public static TheoryData<ReportOptions, string> Wrong => new()
    {
        { new() { Concurrency = 0 }, "JobRunner__Report__Concurrency is \"0\"; it must be from 1 to 1024" },
        { new() { RedeliverFor = TimeSpan.FromDays(31) }, "JobRunner__Report__RedeliverFor is \"31.00:00:00\"; it must be from 00:00:00 to 30.00:00:00" },
        { new() { RedeliverAfter = "" }, "JobRunner__Report__RedeliverAfter is \"\"; it must be Go durations with commas between, such as 5s,30s,2m,10m,1h" },
        { new() { RedeliverAfter = "5s;30s" }, "JobRunner__Report__RedeliverAfter is \"5s;30s\"; it must be Go durations with commas between, such as 5s,30s,2m,10m,1h" },
        { new() { RedeliverAfter = "5s,," }, "JobRunner__Report__RedeliverAfter is \"5s,,\"; it must be Go durations with commas between, such as 5s,30s,2m,10m,1h" },
        { new() { RedeliverAfter = "1ms" }, "JobRunner__Report__RedeliverAfter is \"1ms\"; it must have delays from 10ms to 24h, in whole milliseconds" },
        { new() { RedeliverAfter = "25h" }, "JobRunner__Report__RedeliverAfter is \"25h\"; it must have delays from 10ms to 24h, in whole milliseconds" },
        { new() { RedeliverAfter = "10.5ms" }, "JobRunner__Report__RedeliverAfter is \"10.5ms\"; it must have delays from 10ms to 24h, in whole milliseconds" },
        { new() { RedeliverAfter = "30s,5s" }, "JobRunner__Report__RedeliverAfter is \"30s,5s\"; it must not have a delay shorter than the one before it" },
        { new() { RedeliverAfter = string.Join(',', Enumerable.Repeat("5s", 13)) }, $"JobRunner__Report__RedeliverAfter is \"{string.Join(',', Enumerable.Repeat("5s", 13))}\"; it must have at most 12 delays" },
    };

    [Theory]
    [MemberData(nameof(Wrong), DisableDiscoveryEnumeration = true)]
    public void A_wrong_setting_is_told_by_its_name_its_value_and_what_it_must_be(ReportOptions options, string message) =>
        Assert.Equal([message], new ReportOptionsRules().Validate(null, options).Failures!);

    [Fact]
    public void Delays_may_have_spaces_and_be_equal()
    {
        Assert.True(DelaySteps.TryParse(" 10ms, 10ms ,24h", out var steps, out _));
        Assert.Equal([TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(10), TimeSpan.FromHours(24)], steps);
    }
}
