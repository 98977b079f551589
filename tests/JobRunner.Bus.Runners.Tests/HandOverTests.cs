using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Runs that go on elsewhere: softly, or with their try cut.</summary>
public sealed class HandOverTests : IDisposable
{
    private readonly Rig _rig = new();
    private readonly TaskCompletionSource<JobResult> _end = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Before_its_first_try_a_run_goes_at_once_as_it_came()
    {
        var job = FakeJob.Fails();
        var runner = _rig.Make(job, Rig.Command(retry: 2, prevTries: 1, totalTries: 4));
        runner.HandOver();

        var ret = await runner.RunAsync().InTime();

        Assert.Equal((RunEnd.HandedOver, JobState.Pending, new TryCounters(1, 4)), (ret.End, ret.FinalState, ret.Next));
        Assert.Equal(TimeSpan.Zero, ret.Wait);
        Assert.Equal(0, job.Runs);
        Assert.Equal(new StopResult(StopOutcome.MovedOn, JobState.Pending), await runner.StopAsync().InTime());
    }

    [Fact]
    public async Task While_waiting_a_run_goes_at_once_with_what_is_left_of_the_wait()
    {
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(retry: 2, wait: "30s", totalTries: 4));
        var run = runner.RunAsync();
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(12));

        runner.HandOver();

        var ret = await run.InTime();
        Assert.Equal((RunEnd.HandedOver, JobState.Fail, new TryCounters(1, 5)), (ret.End, ret.FinalState, ret.Next));
        Assert.Equal(TimeSpan.FromSeconds(18), ret.Wait);
        await Wait.Until(() => _rig.Time.Timers == 0, "no timer is left");
    }

    [Fact]
    public async Task While_waiting_for_a_slot_past_its_wait_a_run_goes_without_one()
    {
        using var rig = new Rig { Slots = new(1) };
        var runner = rig.Make(FakeJob.Fails(), Rig.Command(retry: 1, wait: "1s"));
        var run = runner.RunAsync();
        await Wait.Until(() => rig.Time.Timers == 1, "it waits");
        await rig.Slots.TakeAsync(TestContext.Current.CancellationToken);
        rig.Time.Advance(TimeSpan.FromSeconds(5));

        runner.HandOver();

        var ret = await run.InTime();
        Assert.Equal((RunEnd.HandedOver, TimeSpan.Zero), (ret.End, ret.Wait));
        Assert.Equal(1, rig.Slots.InUse);
    }

    [Fact]
    public async Task While_a_try_runs_it_may_end_first_and_the_whole_wait_is_left()
    {
        var (runner, job, run) = await Running(Rig.Command(retry: 2, wait: "30s"));

        runner.HandOver();
        Assert.False(run.IsCompleted);
        _end.SetResult(JobResult.Fail("no"));

        var ret = await run.InTime();
        Assert.Equal((RunEnd.HandedOver, JobState.Fail, new TryCounters(1, 1)), (ret.End, ret.FinalState, ret.Next));
        Assert.Equal(TimeSpan.FromSeconds(30), ret.Wait);
        Assert.Equal((1, 0), (job.Runs, job.Stops));
        Assert.Equal(JobState.Fail, Assert.Single(_rig.Logs.Accepted).State);
    }

    [Theory]
    [InlineData(JobState.Complete, 2)]
    [InlineData(JobState.Stopped, 2)]
    [InlineData(JobState.Fail, 0)]
    public async Task A_try_that_ends_the_run_ends_it_here(JobState state, long retry)
    {
        var (runner, _, run) = await Running(Rig.Command(retry));

        runner.HandOver();
        _end.SetResult(FakeJob.In(state));

        var ret = await run.InTime();
        Assert.Equal((RunEnd.Finished, state), (ret.End, ret.FinalState));
    }

    [Fact]
    public async Task A_cut_try_is_logged_as_stopped_and_its_budget_is_not_used_up()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Fail("interrupted"));
        var runner = _rig.Make(job, Rig.Command(retry: 2, wait: "30s", prevTries: 1, totalTries: 4));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");

        runner.CutTry();
        runner.CutTry();

        var ret = await run.InTime();
        Assert.Equal((RunEnd.HandedOver, JobState.Stopped, new TryCounters(1, 5)), (ret.End, ret.FinalState, ret.Next));
        Assert.Equal(TimeSpan.Zero, ret.Wait);
        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal((JobState.Stopped, 5L, "interrupted"), (log.State, log.Try, log.Error));
        Assert.Equal(1, job.Stops);
        Assert.Equal(new StopResult(StopOutcome.MovedOn, JobState.Stopped), await runner.StopAsync().InTime());
    }

    [Fact]
    public async Task The_last_try_cut_is_run_again_elsewhere_under_the_next_number()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped());
        var command = Rig.Command();
        var runner = _rig.Make(job, command);
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        runner.CutTry();
        var next = (await run.InTime()).Next;

        var ret = await _rig.Make(
            FakeJob.Returns(JobResult.Complete()), command with { PrevTries = next.PrevTries, TotalTries = next.TotalTries }).RunAsync().InTime();

        Assert.Equal(JobState.Complete, ret.FinalState);
        Assert.Equal([(1L, JobState.Stopped), (2L, JobState.Complete)], _rig.Logs.Accepted.Select(log => (log.Try, log.State)));
    }

    [Fact]
    public async Task A_job_that_completes_as_it_is_cut_is_complete()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Complete());
        var runner = _rig.Make(job, Rig.Command(retry: 2));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");

        runner.CutTry();

        Assert.Equal((RunEnd.Finished, JobState.Complete), ((await run.InTime()).End, (await run.InTime()).FinalState));
    }

    [Fact]
    public async Task A_cut_while_waiting_hands_over_as_it_is()
    {
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(retry: 1, wait: "30s"));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Time.Timers == 1, "it waits");

        runner.CutTry();

        var ret = await run.InTime();
        Assert.Equal((RunEnd.HandedOver, JobState.Fail, TimeSpan.FromSeconds(30)), (ret.End, ret.FinalState, ret.Wait));
    }

    [Theory]
    [InlineData(JobState.Stopped, RunEnd.Finished)]
    [InlineData(JobState.Fail, RunEnd.HandedOver)]
    public async Task A_cut_after_the_try_has_ended_leaves_its_state_alone(JobState state, RunEnd end)
    {
        var accepted = new TaskCompletionSource();
        _rig.Logs.Gate = _ => accepted.Task;
        var runner = _rig.Make(FakeJob.Returns(FakeJob.In(state)), Rig.Command(retry: 1));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");

        runner.CutTry();
        accepted.SetResult();

        var ret = await run.InTime();
        Assert.Equal((end, state), (ret.End, ret.FinalState));
        Assert.Equal(state, Assert.Single(_rig.Logs.Accepted).State);
    }

    [Fact]
    public async Task A_stop_while_a_try_is_cut_wins_and_tells_the_job_no_second_time()
    {
        var (runner, job, run) = await Running(Rig.Command(retry: 2));
        runner.CutTry();
        await Wait.Until(() => job.Stops == 1, "the job is told");

        var stop = runner.StopAsync();
        _end.SetResult(JobResult.Fail("interrupted"));

        Assert.Equal(new StopResult(StopOutcome.StoppedWhileRunning, JobState.Stopped), await stop.InTime());
        Assert.Equal((RunEnd.Finished, JobState.Stopped), ((await run.InTime()).End, (await run.InTime()).FinalState));
        Assert.Equal(1, job.Stops);
    }

    [Fact]
    public async Task A_cut_while_a_job_is_stopped_leaves_the_stop_as_it_is()
    {
        var (runner, job, run) = await Running(Rig.Command(retry: 2));
        var stop = runner.StopAsync();
        await Wait.Until(() => job.Stops == 1, "the job is told");

        runner.CutTry();
        _end.SetResult(JobResult.Fail("interrupted"));

        Assert.Equal(StopOutcome.StoppedWhileRunning, (await stop.InTime()).Outcome);
        Assert.Equal((RunEnd.Finished, JobState.Stopped), ((await run.InTime()).End, (await run.InTime()).FinalState));
        Assert.Equal(1, job.Stops);
    }

    [Fact]
    public async Task A_stop_while_a_cut_try_is_logged_stops_the_run_here()
    {
        var accepted = new TaskCompletionSource();
        _rig.Logs.Gate = _ => accepted.Task;
        var (runner, _, run) = await Running(Rig.Command(retry: 2));
        runner.CutTry();
        _end.SetResult(JobResult.Fail("interrupted"));
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");

        var stop = runner.StopAsync();
        accepted.SetResult();

        Assert.Equal(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped), await stop.InTime());
        var ret = await run.InTime();
        Assert.Equal((RunEnd.Finished, JobState.Stopped, new TryCounters(0, 1)), (ret.End, ret.FinalState, ret.Next));
    }

    private async Task<(Runner Runner, FakeJob Job, Task<Return> Run)> Running(RunJob command)
    {
        var job = FakeJob.RunsUntil(_end.Task);
        var runner = _rig.Make(job, command);
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        return (runner, job, run);
    }
}
