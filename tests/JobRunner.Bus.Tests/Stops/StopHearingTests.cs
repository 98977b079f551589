using JobRunner.Bus.Contracts;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Tests.Runs;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.Tests.Stops;

/// <summary>A worker that does not hear stops starts nothing.</summary>
public sealed class StopHearingTests
{
    [Fact]
    public async Task A_run_waits_until_stops_are_heard_again_and_then_starts()
    {
        await using var world = new World();
        world.Get<StopHearing>().Lost();
        var delivery = world.DeliverAsync(World.Command(sentAt: World.Noon));
        Assert.Equal(0, world.Repo.Count);

        world.Get<StopHearing>().CaughtUp();

        await delivery;
        Assert.Single(world.Logs);
    }

    [Fact]
    public async Task A_stop_that_was_sent_while_none_was_heard_stops_the_run_before_its_first_try()
    {
        await using var world = new World();
        world.Get<StopHearing>().Lost();
        var delivery = world.DeliverAsync(World.Command(sentAt: World.Noon));

        await world.StopAsync(sentAt: World.Noon);
        world.Get<StopHearing>().CaughtUp();

        await delivery;
        Assert.Empty(world.Logs);
        Assert.Equal(JobState.Stopped, Assert.Single(world.Ends).FinalState);
    }

    [Fact]
    public async Task A_run_does_not_wait_for_ever_for_stops_that_are_not_heard_again()
    {
        await using var world = new World();
        world.Get<StopHearing>().Lost();
        var delivery = world.DeliverAsync(World.Command(sentAt: World.Noon));

        world.Time.Advance(StopHearing.Patience);

        await delivery;
        Assert.Single(world.Logs);
        Assert.Contains(world.LogLines, line => line.Id.Id == 1113);
    }

    [Fact]
    public void What_is_lost_twice_is_heard_once_it_is_caught_up()
    {
        var hearing = new StopHearing(TimeProvider.System, NullLogger<StopHearing>.Instance);
        hearing.Lost();
        hearing.Lost();
        Assert.False(hearing.HearsAsync(CancellationToken.None).IsCompleted);

        hearing.CaughtUp();

        Assert.True(hearing.HearsAsync(CancellationToken.None).IsCompletedSuccessfully);
    }
}
