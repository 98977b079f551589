using JobRunner.Bus.Leases;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Leases;

public sealed class BrokerLossesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Noon);
    private readonly BrokerLosses _losses;

    public BrokerLossesTests() => _losses = new BrokerLosses(_time);

    [Theory]
    [InlineData(-31, false)]
    [InlineData(-30, true)]
    [InlineData(0, true)]
    [InlineData(5, true)]
    [InlineData(6, false)]
    public void A_run_may_come_twice_that_was_due_about_when_the_broker_was_lost(int dueAfter, bool twice)
    {
        _losses.Note();
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(twice, _losses.MayHaveDoubled(Noon.AddSeconds(dueAfter)));
    }

    [Fact]
    public void Without_a_loss_or_a_time_nothing_does()
    {
        Assert.False(_losses.MayHaveDoubled(Noon));
        _losses.Note();
        Assert.False(_losses.MayHaveDoubled(null));
    }

    [Fact]
    public void The_last_losses_count()
    {
        for (var loss = 0; loss < 20; loss++)
        {
            _losses.Note();
            _time.Advance(TimeSpan.FromHours(1));
        }

        Assert.False(_losses.MayHaveDoubled(Noon.AddHours(3)));
        Assert.True(_losses.MayHaveDoubled(Noon.AddHours(4)));
        Assert.True(_losses.MayHaveDoubled(Noon.AddHours(19)));
    }
}
