using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>The time limit of a try.</summary>
public sealed class TryTimeoutTests : IDisposable
{
    private readonly Rig _rig = new() { Options = new() { StopTimeout = TimeSpan.FromSeconds(10) } };

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(JobState.Stopped, 0, null, 1, "the try took longer than its timeout of 5s")]
    [InlineData(JobState.Fail, 3, "killed", 3, "the try took longer than its timeout of 5s: killed")]
    [InlineData(JobState.Unknown, 0, "", 1, "the try took longer than its timeout of 5s")]
    public async Task A_try_out_of_time_is_stopped_and_has_failed(JobState state, long exit, string? error, long loggedExit, string loggedError)
    {
        var job = FakeJob.RunsUntilStopped(new JobResult { State = state, Exit = exit, Error = error, Stdout = "so far" });
        var run = _rig.Make(job, Rig.Command(timeout: "5s")).RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");

        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Equal(0, job.Stops);
        _rig.Time.Advance(TimeSpan.FromTicks(1));

        var ret = await run.InTime();
        Assert.Equal(JobState.Fail, ret.FinalState);
        Assert.Equal(1, job.Stops);
        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal(
            (JobState.Fail, loggedExit, loggedError, "so far"), (log.State, log.Exit, log.Error, log.Stdout));
    }

    [Fact]
    public async Task A_try_out_of_time_is_tried_again_with_a_limit_of_its_own()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped());
        var run = _rig.Make(job, Rig.Command(retry: 1, timeout: "5s")).RunAsync();

        for (var tries = 1; tries <= 2; tries++)
        {
            await Wait.Until(() => job.Runs == tries, "the try runs");
            await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5));
        }

        Assert.Equal(2, (await run.InTime()).Tries);
        Assert.All(_rig.Logs.Accepted, log => Assert.Equal("the try took longer than its timeout of 5s", log.Error));
    }

    [Fact]
    public async Task A_job_that_completes_when_told_that_its_time_is_over_is_complete()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Complete());
        var run = _rig.Make(job, Rig.Command(timeout: "5s")).RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5));

        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        Assert.Equal("", Assert.Single(_rig.Logs.Accepted).Error);
    }

    [Fact]
    public async Task A_job_out_of_time_that_does_not_stop_is_given_up_and_tried_again()
    {
        var first = new TaskCompletionSource<JobResult>();
        var told = new ToldJob();
        var job = new FakeJob((context, _) => context.Try == 1 ? first.Task : Task.FromResult(JobResult.Complete()), told.Stop);
        var run = _rig.Make(job, Rig.Command(retry: 1, timeout: "5s")).RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5));
        await told.OnlyTheJobItselfIsWaitedFor(_rig.Time);
        _rig.Time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        Assert.Equal(
            "the try took longer than its timeout of 5s: the job did not stop within 10s and was given up",
            _rig.Logs.Accepted[0].Error);
        first.SetException(new InvalidOperationException("nobody hears this"));
    }

    [Fact]
    public async Task A_try_in_time_is_told_nothing_and_leaves_no_timer_behind()
    {
        var job = FakeJob.Returns(JobResult.Fail("no"));

        await _rig.Make(job, Rig.Command(retry: 1, timeout: "5s")).RunAsync().InTime();

        await Wait.Until(() => _rig.Time.Timers == 0, "no timer is left");
        Assert.Equal((2, 0), (job.Runs, job.Stops));
        Assert.All(_rig.Logs.Accepted, log => Assert.Equal("no", log.Error));
    }

    [Fact]
    public async Task A_stop_of_a_job_that_is_out_of_time_tells_it_only_once_and_wins()
    {
        var end = new TaskCompletionSource<JobResult>();
        var job = FakeJob.RunsUntil(end.Task, stop: () => throw new InvalidOperationException("cannot kill"));
        var runner = _rig.Make(job, Rig.Command(retry: 1, timeout: "5s"));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5));
        await Wait.Until(() => job.Stops == 1, "the job is told");

        var stop = runner.StopAsync();
        end.SetResult(JobResult.Stopped());

        Assert.Equal(new StopResult(StopOutcome.StoppedWhileRunning, JobState.Stopped, "cannot kill"), await stop.InTime());
        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Equal(1, job.Stops);
    }

    [Fact]
    public async Task A_job_already_told_to_stop_does_not_run_out_of_time()
    {
        var end = new TaskCompletionSource<JobResult>();
        var job = FakeJob.RunsUntil(end.Task);
        var runner = _rig.Make(job, Rig.Command(timeout: "5s"));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        var stop = runner.StopAsync();
        await Wait.Until(() => job.Stops == 1, "the job is told");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5));
        end.SetResult(JobResult.Stopped());

        await stop.InTime();
        await run.InTime();
        Assert.Equal((JobState.Stopped, ""), (_rig.Logs.Accepted[0].State, _rig.Logs.Accepted[0].Error));
        Assert.Equal(1, job.Stops);
    }

    [Fact]
    public async Task A_time_limit_longer_than_a_timer_holds_is_kept()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped());
        var run = _rig.Make(job, Rig.Command(timeout: "2400h")).RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromDays(49));
        Assert.Equal(0, job.Stops);
        await Wait.Until(
            () =>
            {
                _rig.Time.Advance(TimeSpan.FromDays(25));
                return run.IsCompleted;
            },
            "the try ends");

        Assert.Equal("the try took longer than its timeout of 2400h0m0s", Assert.Single(_rig.Logs.Accepted).Error);
    }
}
