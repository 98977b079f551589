using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>What only a race could show from outside.</summary>
public sealed class TryRunTests
{
    [Fact]
    public async Task A_try_that_has_ended_tells_its_job_nothing()
    {
        var job = FakeJob.Returns(JobResult.Complete());
        using var tried = Try(job);
        await tried.RunAsync(TimeSpan.Zero).AsTask().InTime();

        Assert.Null(await tried.TellToStopAsync().InTime());

        Assert.Equal(0, job.Stops);
    }

    [Fact]
    public async Task A_job_told_to_stop_before_its_code_begins_never_begins()
    {
        var job = FakeJob.Returns(JobResult.Complete());
        using var tried = Try(job);

        Assert.Null(await tried.TellToStopAsync().InTime());

        Assert.Equal(JobState.Stopped, (await tried.RunAsync(TimeSpan.Zero).AsTask().InTime())!.State);
        Assert.Equal((0, 0), (job.Runs, job.Stops));
    }

    private static TryRun Try(FakeJob job) =>
        new(new Owner(job), new JobRunContext(Rig.Command(), LazyObject.Empty(), 1));

    private sealed class Owner(IJob job) : ITryOwner
    {
        public IJob Job => job;

        public TimeSpan StopTimeout { get; } = TimeSpan.FromSeconds(1);

        public TimeProvider Time { get; } = new WatchedTime();

        public void GaveUp(TryRun current, JobResult result) => Assert.Fail("it stops in time");
    }
}
