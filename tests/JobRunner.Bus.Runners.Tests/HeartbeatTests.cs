using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>A try that is silent for too long is taken for hung.</summary>
public sealed class HeartbeatTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_try_that_reports_nothing_for_its_heartbeat_is_stopped_and_has_failed()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped());
        var run = _rig.Make(job, Rig.Command(heartbeat: "5s", timeout: "1h")).RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Equal(0, job.Stops);
        _rig.Time.Advance(TimeSpan.FromTicks(1));

        Assert.Equal(JobState.Fail, (await run.InTime()).FinalState);
        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal((JobState.Fail, 1, "the try reported no status for its heartbeat of 5s"), (log.State, log.Exit, log.Error));
    }

    [Fact]
    public async Task Each_report_is_a_sign_of_life_also_with_the_same_text()
    {
        var end = new TaskCompletionSource<JobResult>();
        JobRunContext? context = null;
        var job = new FakeJob((given, stopToken) =>
        {
            context = given;
            return end.Task.WaitAsync(stopToken);
        });
        var run = _rig.Make(job, Rig.Command(heartbeat: "5s")).RunAsync();
        await Wait.Until(() => context is not null, "the try runs");
        for (var reports = 0; reports < 10; reports++)
        {
            await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(4));
            context!.ReportStatus("still there");
        }

        end.SetResult(JobResult.Complete());
        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        Assert.Equal(0, job.Stops);
    }

    [Fact]
    public async Task A_try_that_reports_its_status_still_has_its_time_limit()
    {
        JobRunContext? context = null;
        var job = new FakeJob(async (given, stopToken) =>
        {
            context = given;
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopToken);
            return JobResult.Complete();
        });
        var run = _rig.Make(job, Rig.Command(heartbeat: "5s", timeout: "7s")).RunAsync();
        await Wait.Until(() => context is not null, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(4));
        context!.ReportStatus("busy");
        await Wait.Until(
            () =>
            {
                _rig.Time.Advance(TimeSpan.FromSeconds(1));
                return run.IsCompleted;
            },
            "the try ends");

        Assert.Equal("the try took longer than its timeout of 7s", Assert.Single(_rig.Logs.Accepted).Error);
    }

    [Fact]
    public async Task A_job_type_has_a_heartbeat_for_commands_that_say_none()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Stopped());
        var limits = new JobTypeLimits(new JobTypeOptions { Heartbeat = TimeSpan.FromSeconds(3) });
        var run = _rig.Make(job, limits).RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(3));

        await run.InTime();
        Assert.Equal("the try reported no status for its heartbeat of 3s", Assert.Single(_rig.Logs.Accepted).Error);
    }
}
