using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>A job that asks not to be tried again, and waits that grow.</summary>
public sealed class PermanentTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_try_that_failed_for_good_ends_the_run_with_tries_left()
    {
        var job = FakeJob.Returns(JobResult.Fail("busy"), JobResult.FailForGood("no such file", exit: 66));

        var ret = await _rig.Make(job, Rig.Command(retry: 5, totalTries: 3)).RunAsync().InTime();

        Assert.Equal((JobState.Fail, 2, new TryCounters(2, 5)), (ret.FinalState, ret.Tries, ret.Next));
        Assert.Equal([(false, "busy", 1), (true, "no such file", 66)], _rig.Logs.Accepted.Select(log => (log.Permanent, log.Error, log.Exit)));
    }

    [Fact]
    public async Task An_exception_of_the_jobs_own_can_be_for_good_too()
    {
        var job = FakeJob.Throws(new JobException("no such table", JobResult.FailForGood("")));

        var ret = await _rig.Make(job, Rig.Command(retry: 5)).RunAsync().InTime();

        Assert.Equal(1, ret.Tries);
        Assert.Equal((true, "no such table"), (_rig.Logs.Accepted[0].Permanent, _rig.Logs.Accepted[0].Error));
    }

    [Theory]
    [InlineData(JobState.Complete)]
    [InlineData(JobState.Stopped)]
    public async Task It_means_nothing_to_a_try_that_did_not_fail(JobState state)
    {
        await _rig.Make(FakeJob.Returns(FakeJob.In(state) with { Permanent = true }), Rig.Command(retry: 5)).RunAsync().InTime();

        Assert.False(Assert.Single(_rig.Logs.Accepted).Permanent);
    }

    [Fact]
    public async Task A_try_that_was_cut_as_it_failed_for_good_goes_on_elsewhere()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.FailForGood("killed"));
        var runner = _rig.Make(job, Rig.Command(retry: 5));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        runner.CutTry();

        Assert.Equal(RunEnd.HandedOver, (await run.InTime()).End);
        Assert.Equal((JobState.Stopped, false), (_rig.Logs.Accepted[0].State, _rig.Logs.Accepted[0].Permanent));
    }

    [Fact]
    public async Task Waits_on_the_spot_grow_and_the_first_that_is_long_enough_is_parked()
    {
        using var rig = new Rig { Options = new() { ParkWaitsOver = TimeSpan.FromSeconds(3) } };
        var job = FakeJob.Fails();
        var command = Rig.Command(retry: 9, wait: "1s");
        var run = rig.Make(job, command with { Job = command.Job with { RetryBackoff = 2 } }).RunAsync();
        await rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(1));
        await Wait.Until(() => job.Runs == 2, "the second try runs");
        await rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(2));

        var ret = await run.InTime();
        Assert.Equal((RunEnd.Parked, TimeSpan.FromSeconds(4), new TryCounters(3, 3)), (ret.End, ret.Wait, ret.Next));
    }

    [Fact]
    public async Task A_run_that_goes_on_elsewhere_waits_on_from_where_it_was()
    {
        using var rig = new Rig { Options = new() { ParkWaitsOver = TimeSpan.FromSeconds(3) } };
        var command = Rig.Command(retry: 9, wait: "1s", prevTries: 5, totalTries: 7);

        var ret = await rig.Make(FakeJob.Fails(), command with { Job = command.Job with { RetryBackoff = 2, RetryWaitMax = "20s" } }).RunAsync().InTime();

        Assert.Equal((RunEnd.Parked, TimeSpan.FromSeconds(20)), (ret.End, ret.Wait));
    }
}
