using JobRunner.Bus.Leases;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Tests.Leases;

public sealed class BrokerLeasesTests
{
    [Theory]
    [InlineData(0, 3600, 11)] // asked just now
    [InlineData(4, 3600, 5.5)] // a second copy of the command, or another worker had asked
    [InlineData(6, 3600, 1)]
    [InlineData(10.5, 3600, 1)]
    [InlineData(60, 3600, 1)] // being taken over here
    [InlineData(0, 2, 1)] // just started: others may have heard the question before
    [InlineData(1, 3, 1)]
    [InlineData(2, 4, 1)]
    [InlineData(3, 5, 5.5)]
    [InlineData(0, 11, 11)]
    public void A_command_is_looked_at_again_when_its_lease_is_over_and_soon_by_a_worker_that_has_just_started_after_a_wait_whose_queue_is_there(double silence, double listensFor, double wait)
    {
        var options = new WorkerOptions();

        var looks = BrokerLeases.LookAgainIn(TimeSpan.FromSeconds(silence), TimeSpan.FromSeconds(listensFor), options.TakeOverAfter);

        Assert.Equal(TimeSpan.FromSeconds(wait), looks);
        Assert.Contains(WaitSteps.RoundUp(looks), options.WaitsToPrepare);
    }
}
