using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>Which messages of an error queue are meant.</summary>
public sealed class ErrorFilterTests : IAsyncDisposable
{
    private readonly FakeRepairBroker _broker = new();

    public ValueTask DisposeAsync() => _broker.DisposeAsync();

    [Theory]
    [InlineData("worker 11111 broke", true)]
    [InlineData("worker 22222 broke\nat line 3", true)]
    [InlineData("worker 22222 broke down", false)]
    [InlineData("WORKER 22222 broke", false)]
    [InlineData("", false)]
    public void A_kind_is_every_reason_that_differs_in_ids_and_numbers_alone(string reason, bool expected) =>
        Assert.Equal(expected, new ErrorFilter { Kind = ErrorReasons.KindOf("worker 12345 broke") }.Matches(_broker.Add(Names.RunJob, "{}", reason)));

    [Fact]
    public void Messages_without_a_reason_are_a_kind_of_their_own()
    {
        var filter = new ErrorFilter { Kind = "" };

        Assert.True(filter.Matches(_broker.Add(Names.RunJob, "{}", "")));
        Assert.False(filter.Matches(_broker.Add(Names.RunJob, "{}", "broke")));
    }

    [Fact]
    public void One_message_is_found_by_the_leg_that_it_would_be_sent_back_as()
    {
        var one = _broker.Add(Names.RunJob, "{}");
        var twin = _broker.Add(Names.RunJob, "{}");
        var filter = new ErrorFilter { Leg = SendBack.LegOf(one) };

        Assert.True(filter.Matches(one));
        Assert.False(filter.Matches(twin));
    }
}
