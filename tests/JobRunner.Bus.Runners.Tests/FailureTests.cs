using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R6: how jobs go wrong.</summary>
public sealed class FailureTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_job_that_throws_before_its_first_await_is_a_failed_try()
    {
        var job = new FakeJob((_, _) => throw new InvalidOperationException("at once"));

        var log = await OnlyLogOf(job);

        Assert.Equal((JobState.Fail, 1L, "panic from job.Run: at once"), (log.State, log.Exit, log.Error));
    }

    [Fact]
    public async Task A_job_that_returns_no_result_is_a_failed_try()
    {
        var log = await OnlyLogOf(new FakeJob((_, _) => Task.FromResult<JobResult>(null!)));

        Assert.Equal((JobState.Fail, 1L, "panic from job.Run: the job returned no result"), (log.State, log.Exit, log.Error));
    }

    [Fact]
    public async Task A_job_that_returns_no_task_is_a_failed_try()
    {
        var log = await OnlyLogOf(new FakeJob((_, _) => null!));

        Assert.Equal(JobState.Fail, log.State);
        Assert.StartsWith("panic from job.Run: ", log.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_message_of_a_JobException_is_logged_as_it_is()
    {
        var log = await OnlyLogOf(FakeJob.Throws(new JobException("no disk")));

        Assert.Equal((JobState.Fail, 1L, "no disk", "", ""), (log.State, log.Exit, log.Error, log.Stdout, log.Stderr));
    }

    [Fact]
    public async Task The_message_of_a_JobException_takes_precedence_over_the_error_inside_its_result()
    {
        var result = new JobResult { State = JobState.Unknown, Exit = 9, Error = "lesser", Stdout = "out", Stderr = "err" };

        var log = await OnlyLogOf(FakeJob.Throws(new JobException("greater", result, new InvalidOperationException("cause"))));

        Assert.Equal(
            (JobState.Unknown, 9L, "greater", "out", "err"), (log.State, log.Exit, log.Error, log.Stdout, log.Stderr));
    }

    [Fact]
    public async Task A_job_that_completed_and_then_threw_is_complete_with_an_error()
    {
        var ret = await _rig.Make(FakeJob.Throws(new JobException("cleanup failed", JobResult.Complete("done"))), Rig.Command(retry: 3))
            .RunAsync().InTime();

        Assert.Equal(JobState.Complete, ret.FinalState);
        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal((JobState.Complete, 0L, "cleanup failed", "done"), (log.State, log.Exit, log.Error, log.Stdout));
    }

    [Fact]
    public async Task A_cancellation_of_the_jobs_own_is_a_failed_try_and_no_stop()
    {
        var job = new FakeJob(async (_, _) =>
        {
            using var own = new CancellationTokenSource();
            await own.CancelAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, own.Token);
            return JobResult.Complete();
        });

        var ret = await _rig.Make(job, Rig.Command(retry: 1)).RunAsync().InTime();

        Assert.Equal(JobState.Fail, ret.FinalState);
        Assert.Equal(2, job.Runs);
        Assert.All(_rig.Logs.Accepted, log => Assert.StartsWith("panic from job.Run: ", log.Error, StringComparison.Ordinal));
    }

    private async Task<JobLogRecorded> OnlyLogOf(FakeJob job)
    {
        await _rig.Make(job).RunAsync().InTime();
        return Assert.Single(_rig.Logs.Accepted);
    }
}
