using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R8: what people see of a job.</summary>
public sealed class StatusTests : IDisposable
{
    private readonly Rig _rig = new() { Slots = new(1) };

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void Before_its_first_try_a_runner_is_pending_at_the_try_that_comes()
    {
        var status = _rig.Make(FakeJob.Fails(), Rig.Command(totalTries: 6)).Status();

        Assert.Equal((JobState.Pending, 7L, false, null), (status.State, status.Try, status.Sleeping, status.Status));
    }

    [Fact]
    public async Task While_waiting_the_last_text_is_prefixed_and_the_next_try_is_named()
    {
        var job = FakeJob.Does(context =>
        {
            context.ReportStatus("copying");
            return JobResult.Fail("no");
        });
        var runner = _rig.Make(job, Rig.Command(retry: 1, wait: "30s", totalTries: 6));
        var startedAt = runner.Status().StartedAt;
        var run = runner.RunAsync();
        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(10));

        var status = runner.Status();

        Assert.Equal(
            (JobState.Running, 8L, true, "(retry sleep) copying"), (status.State, status.Try, status.Sleeping, status.Status));
        Assert.Equal(startedAt, status.StartedAt);
        await runner.StopAsync().InTime();
        await run.InTime();
    }

    [Fact]
    public async Task A_new_try_begins_with_no_text_and_the_last_text_said_counts()
    {
        var said = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        var job = new FakeJob(async (context, _) =>
        {
            if (context.Try == 1)
            {
                context.ReportStatus("first");
                return JobResult.Fail("no");
            }

            await go.Task;
            context.ReportStatus("a");
            context.ReportStatus(null!);
            Assert.Equal("", context.Status);
            context.ReportStatus("b");
            said.SetResult();
            return JobResult.Complete();
        });
        var runner = _rig.Make(job, Rig.Command(retry: 1));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 2, "the second try runs");

        Assert.Null(runner.Status().Status);
        Assert.Equal((2L, false), (runner.Status().Try, runner.Status().Sleeping));
        go.SetResult();
        await said.Task.InTime();

        Assert.Equal("b", runner.Status().Status);
        await run.InTime();
    }

    [Fact]
    public async Task A_runner_is_known_by_request_and_job()
    {
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(id: "j7"));

        Assert.Equal(new RunnerKey("abc", "j7"), runner.Key);
        Assert.Equal("abc/j7", runner.Key.ToString());
        await runner.RunAsync().InTime();
    }
}
