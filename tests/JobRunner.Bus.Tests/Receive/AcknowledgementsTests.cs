using CsCheck;
using JobRunner.Bus.Receive;

namespace JobRunner.Bus.Tests.Receive;

/// <summary>Every delivery is acknowledged once, after it is done, with as few messages as there can be.</summary>
public sealed class AcknowledgementsTests
{
    private readonly Acknowledgements _deliveries = new();

    [Fact]
    public void What_is_done_in_order_is_acknowledged_at_once()
    {
        Arrive(1, 2, 3);
        Assert.True(_deliveries.Done(1));
        Assert.False(_deliveries.Done(2));

        Assert.False(_deliveries.Take(out var upTo, out var single));

        Assert.Equal(2UL, upTo);
        Assert.Empty(single);
    }

    [Fact]
    public void What_is_done_before_an_earlier_one_goes_along_with_it_if_that_follows_at_once()
    {
        Arrive(1, 2, 3);
        _deliveries.Done(3);
        _deliveries.Done(2);
        Assert.True(_deliveries.Take(out var none, out _));
        Assert.Equal(0UL, none);
        _deliveries.Done(1);

        Assert.False(_deliveries.Take(out var upTo, out var single));

        Assert.Equal(3UL, upTo);
        Assert.Empty(single);
    }

    [Fact]
    public void Behind_a_long_one_each_is_acknowledged_by_itself()
    {
        Arrive(1, 2, 3);
        _deliveries.Done(3);
        _deliveries.Take(out _, out _);

        Assert.False(_deliveries.Take(out var upTo, out var single));

        Assert.Equal(0UL, upTo);
        Assert.Equal([3UL], single);
    }

    [Fact]
    public void What_was_put_back_is_not_acknowledged()
    {
        Arrive(1, 2, 3);
        _deliveries.Forget(2);
        _deliveries.Done(1);
        _deliveries.Done(3);

        _deliveries.Take(out var upTo, out var single);

        // By then the broker has 2 no more: all up to 3 are 1 and 3.
        Assert.Equal(3UL, upTo);
        Assert.Empty(single);
    }

    [Fact]
    public void At_the_end_what_is_done_is_acknowledged_whatever_came_before_it()
    {
        Arrive(1, 2);
        _deliveries.Done(2);

        Assert.Equal([2UL], _deliveries.Rest());
        Assert.Empty(_deliveries.Rest());
    }

    [Fact]
    public void In_whatever_order_they_are_done_each_is_acknowledged_once_and_only_after_it_is_done() =>
        Gen.Select(Gen.Shuffle(Enumerable.Range(1, 20).ToArray()), Gen.Bool.Array[20]).Sample((order, looks) =>
        {
            var deliveries = new Acknowledgements();
            var (done, acknowledged) = (new HashSet<ulong>(), new HashSet<ulong>());
            for (ulong tag = 1; tag <= 20; tag++)
            {
                deliveries.Arrived(tag);
            }

            for (var step = 0; step < order.Length; step++)
            {
                done.Add((ulong)order[step]);
                deliveries.Done((ulong)order[step]);
                if (looks[step])
                {
                    Look();
                }
            }

            while (Look())
            {
            }

            Assert.Equal(20, acknowledged.Count);

            bool Look()
            {
                var again = deliveries.Take(out var upTo, out var single);
                for (ulong tag = 1; tag <= upTo; tag++)
                {
                    acknowledged.Add(tag);
                }

                Assert.All(single, tag => Assert.True(acknowledged.Add(tag), $"{tag} is acknowledged twice"));
                Assert.Subset(done, acknowledged);
                return again;
            }
        });

    private void Arrive(params ulong[] tags)
    {
        foreach (var tag in tags)
        {
            _deliveries.Arrived(tag);
        }
    }
}
