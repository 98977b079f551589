using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R1 and R5: which try of the sequence, which number of log, and what to go on with.</summary>
public sealed class CountersTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task Logs_are_numbered_on_from_the_highest_number_ever_logged()
    {
        var ret = await _rig.Make(FakeJob.Fails(), Rig.Command(retry: 3, prevTries: 1, totalTries: 7)).RunAsync().InTime();

        Assert.Equal([8L, 9L, 10L], _rig.Logs.Accepted.Select(log => log.Try));
        Assert.Equal(3, ret.Tries);
        Assert.Equal(new TryCounters(4, 10), ret.Next);
        Assert.Equal(RunEnd.Finished, ret.End);
        Assert.Null(ret.Error);
    }

    [Fact]
    public async Task The_job_sees_the_number_of_its_try_and_who_it_is()
    {
        List<long> seen = [];
        var command = Rig.Command(retry: 1, totalTries: 4);
        var job = FakeJob.Does(context =>
        {
            seen.Add(context.Try);
            Assert.Equal("abc", context.RequestId);
            Assert.Same(command.Job, context.Job);
            return JobResult.Fail("no");
        });

        await _rig.Make(job, command).RunAsync().InTime();

        Assert.Equal([5L, 6L], seen);
        Assert.All(_rig.Logs.Accepted, log => Assert.Equal("no", log.Error));
    }

    [Fact]
    public async Task With_no_try_left_the_run_fails_with_one_log_that_says_so()
    {
        var job = FakeJob.Returns(JobResult.Complete());
        var command = Rig.Command(retry: 2, prevTries: 3, totalTries: 9) with { JobData = new() { ["k"] = 1 } };

        var ret = await _rig.Make(job, command).RunAsync().InTime();

        Assert.Equal(0, job.Runs);
        Assert.Equal(JobState.Fail, ret.FinalState);
        Assert.Equal(0, ret.Tries);
        Assert.Equal(RunEnd.Finished, ret.End);
        Assert.Equal(new TryCounters(3, 10), ret.Next);
        Assert.Same(command.JobData, ret.JobData);
        Assert.Equal("no try left: prevTries 3 = 1 + retry 2", ret.Error);
        Assert.Equal(
            new JobLogRecorded
            {
                RequestId = "abc",
                JobId = "j1",
                Name = "jname",
                Type = "jtype",
                Try = 10,
                State = JobState.Fail,
                Exit = 1,
                Error = "no try left: prevTries 3 = 1 + retry 2",
            },
            Assert.Single(_rig.Logs.Accepted));
    }

    [Fact]
    public async Task With_no_try_left_a_stop_before_the_start_still_wins()
    {
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(prevTries: 1, totalTries: 1));
        var stop = await runner.StopAsync().InTime();

        var ret = await runner.RunAsync().InTime();

        Assert.Equal(new StopResult(StopOutcome.StoppedBeforeStart, JobState.Stopped), stop);
        Assert.Equal(JobState.Stopped, ret.FinalState);
        Assert.Equal(new TryCounters(1, 1), ret.Next);
        Assert.Empty(_rig.Logs.Accepted);
    }

    [Fact]
    public async Task With_no_try_left_a_stop_while_that_is_logged_finds_the_run_finished()
    {
        var safe = new TaskCompletionSource();
        _rig.Logs.Gate = _ => safe.Task;
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(prevTries: 1, totalTries: 1));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");

        var stop = runner.StopAsync();
        safe.SetResult();

        Assert.Equal(new StopResult(StopOutcome.AlreadyFinished, JobState.Fail), await stop.InTime());
        Assert.Equal(JobState.Fail, (await run.InTime()).FinalState);
    }

    [Theory]
    [InlineData(4, 2, "prevTries is 4; it must be from 0 to 1 + job.retry = 3")]
    [InlineData(-1, 2, "prevTries is -1; it must be from 0 to 1 + job.retry = 3")]
    [InlineData(0, -1, "job.retry is -1; it must be 0 or more")]
    public async Task Counters_out_of_range_are_refused_by_name(long prevTries, long retry, string reason)
    {
        var ret = await _rig.Make(FakeJob.Fails(), Rig.Command(retry, prevTries: prevTries)).RunAsync().InTime();

        Assert.Equal((JobState.Fail, "problem creating job runner: " + reason), (ret.FinalState, ret.Error));
    }

    [Fact]
    public async Task Durations_that_are_none_are_refused_by_name_all_at_once()
    {
        var ret = await _rig.Make(FakeJob.Fails(), Rig.Command(wait: "soon", timeout: "-1s")).RunAsync().InTime();

        Assert.Equal(
            "problem creating job runner: job.retryWait \"soon\" is not a duration such as \"500ms\", \"1.5s\" or \"1h30m\"; "
                + "timeout \"-1s\" is negative",
            ret.Error);
    }
}
