using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Runs that are abandoned because another worker may have taken them over: nothing of them is recorded any more.</summary>
public sealed class AbandonTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    private static Task<OperationCanceledException> Abandoned(Task<Return> run) => Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.InTime());

    [Fact]
    public async Task Before_its_first_try_nothing_runs()
    {
        var job = FakeJob.Fails();
        var runner = _rig.Make(job);
        runner.Abandon();

        await Abandoned(runner.RunAsync());

        Assert.Equal((0, 0), (job.Runs, _rig.Logs.Asked));
        Assert.Equal(0, _rig.Slots.InUse);
    }

    [Fact]
    public async Task A_try_that_runs_is_told_to_stop_and_leaves_no_log()
    {
        var end = new TaskCompletionSource<JobResult>();
        var job = FakeJob.RunsUntil(end.Task);
        var runner = _rig.Make(job, Rig.Command(retry: 2));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "it runs");

        runner.Abandon();
        await Wait.Until(() => job.Stops == 1, "it is told");
        Assert.False(run.IsCompleted);
        end.SetResult(JobResult.Complete());

        await Abandoned(run);
        Assert.Equal((1, 0), (job.Runs, _rig.Logs.Asked));
        Assert.Equal(0, _rig.Slots.InUse);
    }

    [Fact]
    public async Task A_log_that_is_not_accepted_yet_is_taken_back()
    {
        var job = FakeJob.Fails();
        _rig.Logs.Gate = _ => new TaskCompletionSource().Task;
        var runner = _rig.Make(job, Rig.Command(retry: 2));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "its log is on its way");

        runner.Abandon();

        await Abandoned(run);
        Assert.Empty(_rig.Logs.Accepted);
        Assert.Equal(1, job.Runs);
    }

    [Fact]
    public async Task While_it_waits_for_its_next_try_it_ends_at_once()
    {
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(retry: 2, wait: "30s"));
        var run = runner.RunAsync();
        await Wait.Until(() => runner.Status().Sleeping, "it waits");

        runner.Abandon();

        await Abandoned(run);
        Assert.Single(_rig.Logs.Accepted);
    }

    [Fact]
    public async Task A_stop_of_it_is_told_that_it_moved_on()
    {
        var end = new TaskCompletionSource<JobResult>();
        var job = FakeJob.RunsUntil(end.Task);
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "it runs");
        runner.Abandon();

        var stop = runner.StopAsync();
        end.SetResult(JobResult.Stopped());

        await Abandoned(run);
        Assert.Equal(StopOutcome.MovedOn, (await stop.InTime()).Outcome);
    }

    [Fact]
    public async Task After_its_end_there_is_nothing_to_give_up()
    {
        var runner = _rig.Make(FakeJob.Fails());
        var ret = await runner.RunAsync().InTime();
        await runner.DisposeAsync();

        runner.Abandon();

        Assert.Equal(JobState.Fail, ret.FinalState);
    }
}
