using JobRunner.Bus.Delivery.Gate;

namespace JobRunner.Bus.Tests.Delivery.Gate;

public sealed class AdaptiveLimitTests
{
    [Fact]
    public void It_starts_with_the_most_and_never_has_more()
    {
        var limit = new AdaptiveLimit(8);
        limit.Grow();

        Assert.Equal(8, limit.Value);
    }

    [Fact]
    public void A_busy_store_gets_half_as_many_each_time_but_always_one()
    {
        var limit = new AdaptiveLimit(8);

        Assert.Equal([4, 2, 1, 1], Enumerable.Range(0, 4).Select(_ => After(limit.Shrink, limit)));
    }

    [Fact]
    public void After_that_it_gets_one_more_per_round()
    {
        var limit = new AdaptiveLimit(8);
        limit.Shrink();

        Assert.Equal([4, 4, 4, 5, 5, 5, 5, 5, 6], Enumerable.Range(0, 9).Select(_ => After(limit.Grow, limit)));
    }

    [Fact]
    public void A_store_that_is_back_gets_one_first_then_one_more_per_delivery_up_to_where_it_was_busy()
    {
        var limit = new AdaptiveLimit(8);
        limit.Shrink();
        limit.StartOver();

        Assert.Equal([1, 2, 3, 4], [limit.Value, .. Enumerable.Range(0, 3).Select(_ => After(limit.Grow, limit))]);
        Assert.Equal([4, 4, 4, 5], Enumerable.Range(0, 4).Select(_ => After(limit.Grow, limit)));
    }

    private static int After(Action change, AdaptiveLimit limit)
    {
        change();
        return limit.Value;
    }
}
