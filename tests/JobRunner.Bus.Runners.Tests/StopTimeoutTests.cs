using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Jobs that do not stop when told.</summary>
public sealed class StopTimeoutTests : IDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(90);
    private readonly Rig _rig = new() { Options = new() { StopTimeout = StopTimeout } };
    private readonly TaskCompletionSource<JobResult> _end = new();
    private readonly ToldJob _told = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_job_that_does_not_stop_is_given_up_when_its_time_to_stop_is_over()
    {
        var job = FakeJob.RunsUntil(_end.Task, _told.Stop);
        var (runner, run) = await Running(job);
        var stop = runner.StopAsync();
        await _told.OnlyTheJobItselfIsWaitedFor(_rig.Time);

        _rig.Time.Advance(StopTimeout - TimeSpan.FromTicks(1));
        Assert.Equal(1, _rig.Time.Timers);
        Assert.Equal(1, _rig.Slots.InUse);
        _rig.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Equal(new StopResult(StopOutcome.StoppedWhileRunning, JobState.Stopped), await stop.InTime());
        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal(
            (JobState.Stopped, 1L, "the job did not stop within 1m30s and was given up"), (log.State, log.Exit, log.Error));
        Assert.Equal(0, _rig.Slots.InUse);
        var record = Assert.Single(_rig.Logger.Collector.GetSnapshot(), record => record.Id.Id == 1004);
        Assert.Equal(LogLevel.Error, record.Level);
    }

    [Fact]
    public async Task What_a_job_given_up_writes_to_its_job_data_is_not_seen()
    {
        var job = new FakeJob(async (context, _) =>
        {
            context.JobData["before"] = "half done";
            var result = await _end.Task;
            context.JobData["after"] = "late";
            return result;
        }, _told.Stop);
        var command = Rig.Command(retry: 1) with { JobData = new() { ["given"] = 1 } };
        var (runner, run) = await Running(job, command);
        var stop = runner.StopAsync();
        await _told.OnlyTheJobItselfIsWaitedFor(_rig.Time);
        _rig.Time.Advance(StopTimeout);

        var ret = await run.InTime();
        _end.SetResult(JobResult.Complete());
        await stop.InTime();

        Assert.Equal("""{"given":1}""", ret.JobData.ToJsonString());
    }

    [Fact]
    public async Task A_job_that_stops_within_its_time_is_not_given_up()
    {
        var job = FakeJob.RunsUntil(_end.Task, _told.Stop);
        var (runner, run) = await Running(job);
        var stop = runner.StopAsync();
        await _told.OnlyTheJobItselfIsWaitedFor(_rig.Time);
        _rig.Time.Advance(StopTimeout - TimeSpan.FromTicks(1));

        _end.SetResult(JobResult.Fail("interrupted", exit: 2));

        await stop.InTime();
        await run.InTime();
        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal((JobState.Stopped, 2L, "interrupted"), (log.State, log.Exit, log.Error));
        await Wait.Until(() => _rig.Time.Timers == 0, "no timer is left");
        Assert.DoesNotContain(_rig.Logger.Collector.GetSnapshot(), record => record.Id.Id == 1004);
    }

    [Fact]
    public async Task A_stop_of_the_jobs_own_that_does_not_return_is_told_to_the_asker_and_holds_nobody()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped(), stop: () => new TaskCompletionSource().Task);
        var (runner, run) = await Running(job);
        var stop = runner.StopAsync();
        await _rig.Time.AdvanceOnce(timers: 1, by: StopTimeout - TimeSpan.FromTicks(1));
        Assert.False(run.IsCompleted);
        _rig.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(
            new StopResult(StopOutcome.StoppedWhileRunning, JobState.Stopped, "the job's stop did not return within 1m30s"),
            await stop.InTime());
        await run.InTime();
    }

    [Fact]
    public async Task A_token_callback_that_blocks_holds_nobody_either()
    {
        using var unblock = new ManualResetEventSlim();
        var running = new TaskCompletionSource();
        var job = new FakeJob((_, stopToken) =>
        {
            stopToken.Register(unblock.Wait);
            running.SetResult();
            return _end.Task;
        });
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await running.Task.InTime();
        var stop = runner.StopAsync();
        await _rig.Time.AdvanceOnce(timers: 2, by: StopTimeout);

        Assert.Equal("the job's stop did not return within 1m30s", (await stop.InTime()).Error);
        await run.InTime();
        unblock.Set();
    }

    [Fact]
    public async Task A_try_does_not_end_before_its_jobs_stop_has_returned()
    {
        var stopped = new TaskCompletionSource();
        var returned = new TaskCompletionSource();
        var job = new FakeJob(
            async (_, stopToken) =>
            {
                var told = new TaskCompletionSource();
                await using (stopToken.Register(told.SetResult))
                {
                    await told.Task;
                }

                returned.SetResult();
                return JobResult.Fail("out of time");
            },
            stop: () => stopped.Task);
        var run = _rig.Make(job, Rig.Command(retry: 1, timeout: "5s")).RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5));
        await returned.Task.InTime();

        // Its stop may act on whatever the job holds: no second try of the same job may start under it.
        Assert.Empty(_rig.Logs.Accepted);
        Assert.Equal(1, job.Runs);
        Assert.Equal(1, _rig.Slots.InUse);
        stopped.SetResult();

        await Wait.Until(() => job.Runs == 2, "the next try runs");
        Assert.False(run.IsCompleted);
    }

    [Fact]
    public void A_job_has_a_minute_to_stop_unless_set_otherwise_and_no_wait_is_parked()
    {
        Assert.Equal(TimeSpan.FromMinutes(1), new RunnerOptions().StopTimeout);
        Assert.Equal(TimeSpan.MaxValue, new RunnerOptions().ParkWaitsOver);
    }

    private async Task<(Runner Runner, Task<Return> Run)> Running(FakeJob job, RunJob? command = null)
    {
        var runner = _rig.Make(job, command ?? Rig.Command(retry: 1));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        return (runner, run);
    }
}
