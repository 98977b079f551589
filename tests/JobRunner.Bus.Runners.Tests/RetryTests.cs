using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R3: what ends a run, what is tried again, and when.</summary>
public sealed class RetryTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(JobState.Unknown)]
    [InlineData(JobState.Pending)]
    [InlineData(JobState.Running)]
    [InlineData(JobState.Fail)]
    [InlineData(JobState.Reserved)]
    [InlineData(JobState.Suspended)]
    [InlineData((JobState)42)]
    public async Task Any_state_but_complete_and_stopped_is_tried_again_and_logged_as_it_is(JobState state)
    {
        var ret = await _rig.Make(FakeJob.Returns(FakeJob.In(state)), Rig.Command(retry: 1)).RunAsync().InTime();

        Assert.Equal(state, ret.FinalState);
        Assert.Equal([state, state], _rig.Logs.Accepted.Select(log => log.State));
    }

    [Fact]
    public async Task A_job_that_says_it_is_stopped_ends_the_run_and_its_try_is_run_again_on_a_resume()
    {
        var runner = _rig.Make(FakeJob.Returns(JobResult.Stopped()), Rig.Command(retry: 3, prevTries: 1, totalTries: 5));

        var ret = await runner.RunAsync().InTime();

        Assert.Equal(JobState.Stopped, ret.FinalState);
        Assert.Equal(1, ret.Tries);
        Assert.Equal(new TryCounters(1, 6), ret.Next);
        Assert.Equal(JobState.Stopped, Assert.Single(_rig.Logs.Accepted).State);
        Assert.Equal(new StopResult(StopOutcome.AlreadyFinished, JobState.Stopped), await runner.StopAsync().InTime());
    }

    [Fact]
    public async Task The_next_try_comes_when_the_retry_wait_is_over_and_not_before()
    {
        var job = FakeJob.Returns(JobResult.Fail("no"), JobResult.Complete());
        var run = _rig.Make(job, Rig.Command(retry: 1, wait: "30s")).RunAsync();

        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(30) - TimeSpan.FromTicks(1));
        Assert.Equal(1, _rig.Time.Timers);
        Assert.Equal(1, job.Runs);
        _rig.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        await Wait.Until(() => _rig.Time.Timers == 0, "no timer is left");
    }

    [Fact]
    public async Task There_is_no_wait_after_the_last_try()
    {
        var ret = await _rig.Make(FakeJob.Fails(), Rig.Command(retry: 1, wait: "30s", prevTries: 1)).RunAsync().InTime();

        Assert.Equal(JobState.Fail, ret.FinalState);
    }

    [Fact]
    public async Task A_retry_wait_longer_than_a_timer_holds_is_waited_out()
    {
        var job = FakeJob.Returns(JobResult.Fail("no"), JobResult.Complete());
        var run = _rig.Make(job, Rig.Command(retry: 1, wait: "2400h")).RunAsync();

        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromDays(99));
        await Wait.Until(() => _rig.Time.Timers == 1, "it waits for the rest");
        Assert.Equal(1, job.Runs);
        await Wait.Until(
            () =>
            {
                _rig.Time.Advance(TimeSpan.FromDays(25));
                return run.IsCompleted;
            },
            "the run goes on");

        Assert.Equal(JobState.Complete, (await run).FinalState);
    }
}
