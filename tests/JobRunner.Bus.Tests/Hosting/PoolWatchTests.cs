using JobRunner.Bus.Hosting;

namespace JobRunner.Bus.Tests.Hosting;

/// <summary>How many threads a blocked pool gets. That it gets them is tested with a real worker.</summary>
public sealed class PoolWatchTests
{
    [Theory]
    [InlineData(2, 10, 12)] // one more per try
    [InlineData(12, 10, 22)] // and again, for what else blocks
    [InlineData(22, 10, 22)] // but no more than that
    [InlineData(22, 3, 8)] // of fewer tries than before it takes no more
    [InlineData(2, 0, 2)] // what blocks is not ours
    public void A_blocked_pool_gets_a_thread_per_try_and_as_many_again(int now, int tries, int wanted) =>
        Assert.Equal(wanted, PoolWatch.ThreadsWanted(now, usual: 2, tries));
}
