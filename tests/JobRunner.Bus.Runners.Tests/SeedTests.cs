using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>The cases of Spin Cycle's own runner tests.</summary>
public sealed class SeedTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_job_factory_that_fails_fails_the_run_without_a_try()
    {
        var error = new InvalidOperationException("forced error in job");

        var ret = await _rig.Factory(new BrokenFactory(error)).Make(Rig.Command()).RunAsync().InTime();

        Assert.Equal((JobState.Fail, 0, "problem creating job runner: forced error in job"), (ret.FinalState, ret.Tries, ret.Error));
    }

    [Fact]
    public async Task A_job_that_always_fails_is_tried_one_plus_retry_times()
    {
        var ret = await _rig.Make(FakeJob.Fails(), Rig.Command(retry: 2)).RunAsync().InTime();

        Assert.Equal(JobState.Fail, ret.FinalState);
        Assert.Equal(3, ret.Tries);
        Assert.Equal(3, _rig.Logs.Accepted.Count);
    }

    [Fact]
    public async Task A_job_that_succeeds_on_the_fourth_of_five_tries_is_complete()
    {
        var job = FakeJob.Returns(JobResult.Fail("1"), JobResult.Fail("2"), JobResult.Fail("3"), JobResult.Complete());

        var ret = await _rig.Make(job, Rig.Command(retry: 4)).RunAsync().InTime();

        Assert.Equal(JobState.Complete, ret.FinalState);
        Assert.Equal(4, ret.Tries);
        Assert.Equal(4, _rig.Logs.Accepted.Count);
    }

    [Fact]
    public async Task A_job_stopped_while_running_that_returns_fail_is_stopped_and_may_be_stopped_again()
    {
        var end = new TaskCompletionSource<JobResult>();
        var job = FakeJob.RunsUntil(end.Task, stop: () =>
        {
            end.SetResult(FakeJob.In(JobState.Fail));
            return Task.CompletedTask;
        });
        var runner = _rig.Make(job, Rig.Command(retry: 1, wait: "30s"));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");

        var stop = await runner.StopAsync().InTime();

        Assert.Null(stop.Error);
        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Null((await runner.StopAsync().InTime()).Error);
        Assert.Equal(1, job.Stops);
    }

    [Fact]
    public async Task A_job_stopped_while_waiting_for_its_next_try_is_stopped()
    {
        var job = FakeJob.Fails();
        var runner = _rig.Make(job, Rig.Command(retry: 1, wait: "30s"));
        var run = runner.RunAsync();
        await Wait.Until(() => runner.Status().Sleeping, "the runner sleeps");

        var stop = await runner.StopAsync().InTime();

        Assert.Null(stop.Error);
        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Equal(1, job.Runs);
    }

    [Fact]
    public async Task The_status_names_the_job_its_try_and_when_its_runner_was_made()
    {
        var end = new TaskCompletionSource<JobResult>();
        var job = new FakeJob((context, _) =>
        {
            context.ReportStatus("foo");
            return end.Task;
        });
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await Wait.Until(() => runner.Status().Status == "foo", "the job reports");

        Assert.Equal(
            new RunnerStatus
            {
                RequestId = "abc",
                JobId = "j1",
                Type = "jtype",
                Name = "jname",
                StartedAt = UnixNanoseconds.Now(_rig.Time),
                State = JobState.Running,
                Status = "foo",
                Try = 1,
                Sleeping = false,
            },
            runner.Status());
        end.SetResult(JobResult.Complete());
        await run.InTime();
    }

    [Fact]
    public async Task A_job_that_panics_is_a_failed_try_with_the_seeds_error()
    {
        var job = FakeJob.Throws(new InvalidOperationException("forced job.Run panic"));

        var ret = await _rig.Make(job, Rig.Command(retry: 1)).RunAsync().InTime();

        Assert.Equal(JobState.Fail, ret.FinalState);
        Assert.Equal(2, ret.Tries);
        var now = UnixNanoseconds.Now(_rig.Time);
        var expected = new JobLogRecorded
        {
            RequestId = "abc",
            JobId = "j1",
            Name = "jname",
            Type = "jtype",
            StartedAt = now,
            FinishedAt = now,
            State = JobState.Fail,
            Exit = 1,
            Error = "panic from job.Run: forced job.Run panic",
        };
        // The stack goes to stderr; the seed left it empty.
        Assert.Equal([expected with { Try = 1 }, expected with { Try = 2 }], _rig.Logs.Accepted.Select(log => log with { Stderr = "" }));
        Assert.All(_rig.Logs.Accepted, log => Assert.Contains("InvalidOperationException", log.Stderr, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_resumed_job_goes_on_with_both_counters()
    {
        var ret = await _rig.Make(FakeJob.Fails(), Rig.Command(retry: 2, prevTries: 2, totalTries: 3)).RunAsync().InTime();

        Assert.Equal(JobState.Fail, ret.FinalState);
        Assert.Equal(1, ret.Tries);
        Assert.Equal(4, Assert.Single(_rig.Logs.Accepted).Try);
    }

    private sealed class BrokenFactory(Exception error) : IJobFactory
    {
        public MadeJob Make(Job job) => throw error;
    }
}
