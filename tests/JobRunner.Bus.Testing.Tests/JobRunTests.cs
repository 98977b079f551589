using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Testing.Tests;

public sealed class JobRunTests
{
    [Fact]
    public async Task A_job_is_tried_until_it_completes_and_its_waits_take_no_time()
    {
        var run = JobRun.Of<Flaky>("2") with { Retry = 5, RetryWait = TimeSpan.FromHours(1), JobData = new JsonObject { ["before"] = 1 } };

        var result = await run.RunAsync();

        Assert.Equal((JobState.Complete, 3), (result.FinalState, result.Tries));
        Assert.Equal([JobState.Fail, JobState.Fail, JobState.Complete], result.Logs.Select(log => log.State));
        Assert.Equal([1, 2, 3], result.Logs.Select(log => log.Try));
        Assert.Equal("""{"before":1,"tries":3}""", result.JobData.ToJsonString());
        Assert.Equal(3600_000_000_000, result.Logs[1].StartedAt - result.Logs[0].FinishedAt);
        Assert.Equal("{\"before\":1}", run.JobData.ToJsonString());
    }

    [Fact]
    public async Task A_job_that_uses_up_its_tries_has_failed_and_can_be_resumed_from_its_counters()
    {
        var result = await (JobRun.Of<Flaky>("9") with { Retry = 1 }).RunAsync();
        Assert.Equal((JobState.Fail, 2, 2, 2), (result.FinalState, result.Tries, result.PrevTries, result.TotalTries));

        var again = JobRun.Of<Flaky>("0") with { Retry = 1, TotalTries = result.TotalTries, JobData = result.JobData };
        Assert.Equal(3, (await again.RunAsync()).LastLog.Try);
    }

    [Fact]
    public async Task Bytes_that_make_no_sense_fail_without_a_try()
    {
        var result = await JobRun.Of<Flaky>("many").RunAsync();

        Assert.Equal((JobState.Fail, 0), (result.FinalState, result.Tries));
        Assert.Equal(result.Error, result.LastLog.Error);
        Assert.StartsWith("problem creating job runner: ", result.Error);
        Assert.Equal(0, result.LastLog.StartedAt);
    }

    [Fact]
    public async Task A_job_is_stopped_at_the_moment_its_status_tells()
    {
        await using var live = (JobRun.Of<Nap>() with { Retry = 3 }).Start();
        await live.UntilAsync(status => status.Status == "napping");

        var told = await live.StopAsync();
        var result = await live.EndAsync();

        Assert.Equal(StopOutcome.StoppedWhileRunning, told.Outcome);
        Assert.Equal((JobState.Stopped, 1), (result.FinalState, Assert.Single(result.Logs).Try));
    }

    [Fact]
    public async Task A_job_is_stopped_between_two_tries()
    {
        await using var live = (JobRun.Of<Flaky>("9") with { Retry = 3, RetryWait = TimeSpan.FromHours(1) }).Start();
        await live.UntilAsync(status => status.Sleeping);

        Assert.Equal(StopOutcome.StoppedWhileWaiting, (await live.StopAsync()).Outcome);

        Assert.Equal(JobState.Stopped, (await live.EndAsync()).FinalState);
    }

    [Fact]
    public async Task The_clock_is_moved_and_a_wait_within_the_job_is_over()
    {
        await using var live = JobRun.Of<Nap>().Start();
        await live.UntilAsync(status => status.Status == "napping");

        await live.AdvanceAsync(TimeSpan.FromHours(8));

        var result = await live.EndAsync();
        Assert.Equal(JobState.Complete, result.FinalState);
        Assert.Equal(8 * 3600_000_000_000L, result.LastLog.FinishedAt - result.LastLog.StartedAt);
    }

    [Fact]
    public async Task A_try_that_takes_longer_than_its_timeout_has_failed()
    {
        await using var live = (JobRun.Of<Nap>() with { Timeout = TimeSpan.FromMinutes(5) }).Start();
        await live.UntilAsync(status => status.Status == "napping");

        await live.AdvanceAsync(TimeSpan.FromMinutes(5));

        Assert.Equal("the try took longer than its timeout of 5m0s", (await live.EndAsync()).LastLog.Error);
    }

    [Fact]
    public async Task Services_and_limits_of_the_type_are_those_of_the_test()
    {
        var run = JobRun.Of<Writes>(configure: options => options.TryTimeout = TimeSpan.FromMinutes(1)) with
        {
            Services = services => services.AddSingleton(new StringBuilder("said: ")),
        };

        Assert.Equal("said: hello", (await run.RunAsync()).LastLog.Stdout);
    }

    [Fact]
    public async Task A_run_that_does_not_end_is_told_and_not_waited_for()
    {
        var run = JobRun.Of<Nap>() with { GiveUpAfter = TimeSpan.FromMilliseconds(200) };

        var error = await Assert.ThrowsAsync<TimeoutException>(run.RunAsync);

        Assert.Contains("AdvanceAsync", error.Message);
        Assert.Contains("napping", error.Message);
    }

    private sealed class Flaky : IJob
    {
        private int _failures;

        public void Deserialize(ReadOnlySpan<byte> bytes) => _failures = int.Parse(Encoding.UTF8.GetString(bytes), null);

        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
        {
            var tries = 1 + ((int?)context.JobData["tries"] ?? 0);
            context.JobData["tries"] = tries;
            return Task.FromResult(tries <= _failures ? JobResult.Fail("not yet") : JobResult.Complete());
        }
    }

    private sealed class Nap(TimeProvider time) : IJob
    {
        public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
        {
            var nap = Task.Delay(TimeSpan.FromHours(8), time, stopToken);
            context.ReportStatus("napping");
            await nap;
            return JobResult.Complete();
        }
    }

    private sealed class Writes(StringBuilder text) : IJob
    {
        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) =>
            Task.FromResult(JobResult.Complete(text.Append("hello").ToString()));
    }
}
