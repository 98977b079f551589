using CsCheck;
using JobRunner.Bus.Refusals;

namespace JobRunner.Bus.Tests.Refusals;

public sealed class ReasonsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2000)]
    public void A_reason_that_fits_stays_as_it_is(int length)
    {
        var reason = new string('x', length);

        Assert.Same(reason, Reasons.Bounded(reason));
    }

    [Fact]
    public void A_longer_reason_keeps_its_beginning_and_says_how_much_is_missing()
    {
        var bounded = Reasons.Bounded("begins" + new string('x', 5000));

        Assert.StartsWith("beginsxxx", bounded, StringComparison.Ordinal);
        Assert.EndsWith("… (3046 more characters)", bounded, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reason_bounded_twice_is_cut_once() => Gen.Int[0, 100_000].Sample(length =>
    {
        var bounded = Reasons.Bounded(new string('x', length));

        Assert.Equal(bounded, Reasons.Bounded(bounded));
        Assert.InRange(bounded.Length, 0, 2000);
    });

    [Fact]
    public void No_character_is_cut_in_half() => Gen.Int[0, 3].Sample(shift =>
    {
        var bounded = Reasons.Bounded(new string('x', shift) + string.Concat(Enumerable.Repeat("😀", 2000)));

        Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(bounded)));
    });
}
