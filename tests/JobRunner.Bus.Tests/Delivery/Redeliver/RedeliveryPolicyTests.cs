using CsCheck;
using JobRunner.Bus.Delivery.Redeliver;

namespace JobRunner.Bus.Tests.Delivery.Redeliver;

public sealed class RedeliveryPolicyTests
{
    private static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly TimeSpan[] Steps =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromHours(1),
    ];

    private static readonly RedeliveryPolicy Policy = new(Steps, TimeSpan.FromHours(24));

    [Theory]
    [InlineData(0, "00:00:05")]
    [InlineData(1, "00:00:30")]
    [InlineData(2, "00:02:00")]
    [InlineData(3, "00:10:00")]
    [InlineData(4, "01:00:00")]
    [InlineData(5, "01:00:00")]
    [InlineData(26, "01:00:00")]
    [InlineData(int.MaxValue, "01:00:00")]
    [InlineData(-1, "00:00:05")]
    public void Delays_of_a_log_with_trouble_of_its_own_grow_and_the_last_one_repeats(int redeliveries, string delay)
    {
        var next = Policy.Next(History(redeliveries), Noon, Noon, ownTrouble: true)!.Value;

        Assert.Equal(TimeSpan.Parse(delay, System.Globalization.CultureInfo.InvariantCulture), next.Delay);
        Assert.Equal(redeliveries == int.MaxValue ? redeliveries : Math.Max(redeliveries, 0) + 1, next.History.Redeliveries);
    }

    [Theory]
    [InlineData(0, "00:00:05", 1)]
    [InlineData(1, "00:00:30", 2)]
    [InlineData(2, "00:00:30", 2)]
    [InlineData(7, "00:00:30", 7)]
    public void Delays_stay_short_while_nobody_gets_through(int redeliveries, string delay, int redeliveriesThen)
    {
        var next = Policy.Next(History(redeliveries), Noon, Noon, ownTrouble: false)!.Value;

        Assert.Equal(TimeSpan.Parse(delay, System.Globalization.CultureInfo.InvariantCulture), next.Delay);
        Assert.Equal(redeliveriesThen, next.History.Redeliveries);
    }

    [Theory]
    [InlineData(0, 1, "00:00:05")]
    [InlineData(0, 5, "00:00:05")]
    [InlineData(0, 6, "00:00:30")]
    [InlineData(1, 6, "00:00:30")]
    [InlineData(0, 300, "00:10:00")]
    [InlineData(0, 7200, "01:00:00")]
    public void A_delay_is_as_long_as_the_store_asks_for_if_a_step_is(int redeliveries, int seconds, string delay)
    {
        var next = Policy.Next(History(redeliveries), Noon, Noon, ownTrouble: true, TimeSpan.FromSeconds(seconds))!.Value;

        Assert.Equal(TimeSpan.Parse(delay, System.Globalization.CultureInfo.InvariantCulture), next.Delay);
        // What it was asked for does not use up its own steps.
        Assert.Equal(redeliveries + 1, next.History.Redeliveries);
    }

    [Theory]
    [InlineData(23.99, true, false)]
    [InlineData(24, true, true)]
    [InlineData(1000, true, true)]
    [InlineData(24, false, false)]
    [InlineData(1000, false, false)]
    public void A_log_is_dead_lettered_after_a_day_of_trouble_of_its_own_and_never_in_an_outage(double hours, bool own, bool deadLettered) =>
        Assert.Equal(deadLettered, Policy.Next(History(10), Noon, Noon.AddHours(hours), own) is null);

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(9)]
    public void A_clock_that_is_wrong_by_days_gives_no_log_up_that_has_waited_for_less_than_a_quarter_of_its_time(int redeliveries) =>
        Assert.NotNull(Policy.Next(History(redeliveries), Noon.AddDays(3), Noon.AddDays(3), ownTrouble: true));

    [Fact]
    public void The_day_counts_from_the_first_delivery()
    {
        var first = Policy.Next(DeliveryHistory.None, Noon, Noon.AddSeconds(2), ownTrouble: true)!.Value;

        Assert.Equal(new DeliveryHistory(1, Noon, Noon.AddSeconds(2)), first.History);
        Assert.Equal(Noon, Policy.Next(first.History, Noon.AddHours(1), Noon.AddHours(1), ownTrouble: true)!.Value.History.FirstTriedAt);
    }

    [Fact]
    public void An_outage_before_does_not_count()
    {
        var inOutage = Policy.Next(DeliveryHistory.None, Noon, Noon.AddHours(30), ownTrouble: false)!.Value;
        var after = Policy.Next(inOutage.History, Noon.AddHours(48), Noon.AddHours(48), ownTrouble: true)!.Value;

        Assert.Null(inOutage.History.FirstTriedAt);
        Assert.Equal(Noon.AddHours(48), after.History.FirstTriedAt);
    }

    [Fact]
    public void Without_any_time_the_first_failure_is_the_last() =>
        Assert.Null(new RedeliveryPolicy(Steps, TimeSpan.Zero).Next(DeliveryHistory.None, Noon, Noon, ownTrouble: true));

    [Fact]
    public void Steps_that_are_all_long_have_a_short_one_all_the_same()
    {
        var policy = new RedeliveryPolicy([TimeSpan.FromHours(2), TimeSpan.FromHours(3)], TimeSpan.FromDays(1));

        Assert.Equal(TimeSpan.FromHours(2), policy.Next(History(9), Noon, Noon, ownTrouble: false)!.Value.Delay);
    }

    [Fact]
    public void A_log_that_always_fails_has_its_last_delivery_between_a_day_and_a_day_and_an_hour()
    {
        var (now, history, deliveries) = (Noon, DeliveryHistory.None, 0);
        while (Policy.Next(history, now, now.AddSeconds(2), ownTrouble: true) is { } next)
        {
            (now, history) = (now.AddSeconds(2) + next.Delay, next.History);
            deliveries++;
        }

        Assert.InRange(now - Noon, TimeSpan.FromHours(23.9), TimeSpan.FromHours(25));
        Assert.InRange(deliveries, 27, 29);
    }

    [Fact]
    public void Whatever_the_history_the_delay_is_one_of_the_steps() => Gen
        .Select(Gen.OneOf(Gen.Int, Gen.Const(int.MinValue), Gen.Const(int.MaxValue)), Gen.Int[0, 100_000], Gen.Bool, Gen.Int[0, 10_000])
        .Sample((redeliveries, hours, own, asked) =>
        {
            var next = Policy.Next(History(redeliveries), Noon, Noon.AddHours(hours), own, TimeSpan.FromSeconds(asked));
            return next is null ? own && hours >= 24 && redeliveries > 9 : Steps.Contains(next.Value.Delay) && next.Value.History.Redeliveries >= 0;
        });

    private static DeliveryHistory History(int redeliveries) => new(redeliveries, Noon, Noon);
}
