using CsCheck;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Tests.Topology;

public sealed class WaitStepsTests
{
    private static readonly Gen<TimeSpan> Waits = Gen.OneOf(
        Gen.Long[0, TimeSpan.TicksPerMinute * 2],
        Gen.Long[0, TimeSpan.TicksPerHour * 2],
        Gen.Long[0, TimeSpan.TicksPerDay * 15],
        Gen.Long[0, TimeSpan.MaxValue.Ticks]).Select(TimeSpan.FromTicks);

    [Theory]
    [InlineData("0s", "1s")]
    [InlineData("1ns", "1s")]
    [InlineData("1s", "1s")]
    [InlineData("1.0000001s", "2s")]
    [InlineData("2s", "2s")]
    [InlineData("59.5s", "1m")]
    [InlineData("1m", "1m")]
    [InlineData("1m0.0000001s", "1m10s")]
    [InlineData("1m21s", "1m30s")]
    [InlineData("1m30s", "1m30s")]
    [InlineData("9m59s", "10m")]
    [InlineData("10m", "10m")]
    [InlineData("10m1s", "11m")]
    [InlineData("59m1s", "1h")]
    [InlineData("1h", "1h")]
    [InlineData("1h1s", "1h15m")]
    [InlineData("1h50m", "2h")]
    [InlineData("23h59m", "24h")]
    [InlineData("24h", "24h")]
    [InlineData("24h1s", "27h")]
    [InlineData("335h", "336h")]
    [InlineData("336h", "336h")]
    [InlineData("2000000h", "336h")]
    [InlineData("-5s", "1s")]
    public void A_wait_is_rounded_up_to_its_step_and_named_without_zero_parts(string wait, string name) =>
        Assert.Equal(name, WaitSteps.NameOf(WaitSteps.RoundUp(GoDuration.Parse(wait).ToTimeSpan())));

    [Fact]
    public void No_wait_ends_early_unless_it_stays_again() => Waits.Sample(wait =>
        Assert.True(WaitSteps.RoundUp(wait) >= (wait < WaitSteps.Longest ? wait : WaitSteps.Longest)));

    [Fact]
    public void Rounding_adds_less_than_a_second_or_a_quarter() => Waits.Sample(wait =>
    {
        var added = WaitSteps.RoundUp(wait) - wait;

        Assert.True(wait == TimeSpan.Zero || added < TimeSpan.FromSeconds(1) || added < wait / 4, $"{wait} became {added} longer");
    });

    [Fact]
    public void A_rounded_wait_is_its_own_step() => Waits.Sample(wait =>
        Assert.Equal(WaitSteps.RoundUp(wait), WaitSteps.RoundUp(WaitSteps.RoundUp(wait))));

    [Fact]
    public void A_longer_wait_never_gets_a_shorter_step() => Gen.Select(Waits, Waits).Sample((one, other) =>
        Assert.True((one <= other) == (WaitSteps.RoundUp(one) <= WaitSteps.RoundUp(other)) || WaitSteps.RoundUp(one) == WaitSteps.RoundUp(other)));

    [Fact]
    public void Its_name_reads_back_as_the_rounded_wait() => Waits.Sample(wait =>
        Assert.Equal(WaitSteps.RoundUp(wait), GoDuration.Parse(WaitSteps.NameOf(WaitSteps.RoundUp(wait))).ToTimeSpan()));

    [Fact]
    public void There_are_at_most_400_wait_queues_whatever_schedulers_ask_for()
    {
        HashSet<string> names = [];
        // A step ends on a whole second, so that waits of whole seconds meet every one.
        for (var wait = TimeSpan.Zero; wait <= WaitSteps.Longest; wait += TimeSpan.FromSeconds(1))
        {
            names.Add(WaitSteps.NameOf(WaitSteps.RoundUp(wait)));
        }

        Assert.InRange(names.Count, 1, 400);
        Assert.Equal(names.Order(), WaitSteps.All.Select(WaitSteps.NameOf).Order());
    }
}
