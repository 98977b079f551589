using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R4: a stop before, while, between and after tries.</summary>
public sealed class StopTests : IDisposable
{
    private readonly Rig _rig = new() { Slots = new(1) };

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_stop_before_the_start_leaves_no_try_and_no_log_and_that_try_is_run_on_a_resume()
    {
        var job = FakeJob.Returns(JobResult.Complete());
        var runner = _rig.Make(job, Rig.Command(retry: 2, prevTries: 1, totalTries: 4));

        var stop = await runner.StopAsync().InTime();
        var ret = await runner.RunAsync().InTime();

        Assert.Equal(new StopResult(StopOutcome.StoppedBeforeStart, JobState.Stopped), stop);
        Assert.Equal(JobState.Stopped, ret.FinalState);
        Assert.Equal(RunEnd.Finished, ret.End);
        Assert.Equal(1, ret.Tries);
        Assert.Equal(new TryCounters(1, 4), ret.Next);
        Assert.Equal((0, 0), (job.Runs, job.Stops));
        Assert.Empty(_rig.Logs.Accepted);
    }

    [Theory]
    [InlineData(JobState.Unknown)]
    [InlineData(JobState.Fail)]
    [InlineData(JobState.Stopped)]
    [InlineData((JobState)42)]
    public async Task Whatever_a_job_told_to_stop_returns_other_than_complete_is_stopped(JobState state)
    {
        var job = FakeJob.RunsUntilStopped(new JobResult { State = state, Exit = 3, Error = "cut", Stdout = "so far" });
        var runner = _rig.Make(job, Rig.Command(retry: 2, totalTries: 4));
        var run = await Running(runner, job);

        var stop = await runner.StopAsync().InTime();
        var ret = await run.InTime();

        Assert.Equal(new StopResult(StopOutcome.StoppedWhileRunning, JobState.Stopped), stop);
        Assert.Equal(JobState.Stopped, ret.FinalState);
        Assert.Equal(1, ret.Tries);
        Assert.Equal(new TryCounters(0, 5), ret.Next);
        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal((JobState.Stopped, 3L, "cut", "so far"), (log.State, log.Exit, log.Error, log.Stdout));
        Assert.Equal((1, 1), (job.Runs, job.Stops));
    }

    [Fact]
    public async Task A_job_that_leaves_by_its_stop_token_is_stopped_without_an_error()
    {
        var job = new FakeJob(async (_, stopToken) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopToken);
            return JobResult.Complete();
        });
        var runner = _rig.Make(job, Rig.Command(retry: 2));
        var run = await Running(runner, job);

        await runner.StopAsync().InTime();
        await run.InTime();

        var log = Assert.Single(_rig.Logs.Accepted);
        Assert.Equal((JobState.Stopped, 0L, ""), (log.State, log.Exit, log.Error));
    }

    [Fact]
    public async Task A_job_that_completes_while_being_stopped_stays_complete()
    {
        var job = FakeJob.RunsUntilStopped(JobResult.Complete());
        var runner = _rig.Make(job, Rig.Command(retry: 2));
        var run = await Running(runner, job);

        var stop = await runner.StopAsync().InTime();

        Assert.Equal(new StopResult(StopOutcome.AlreadyFinished, JobState.Complete), stop);
        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        Assert.Equal(JobState.Complete, Assert.Single(_rig.Logs.Accepted).State);
    }

    [Fact]
    public async Task A_stop_while_waiting_counts_the_try_waited_for_and_is_answered_at_once()
    {
        var job = FakeJob.Fails();
        var runner = _rig.Make(job, Rig.Command(retry: 2, wait: "1h", totalTries: 4));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Time.Timers == 1, "the runner waits");

        var stop = runner.StopAsync();

        Assert.True(stop.IsCompletedSuccessfully);
        Assert.Equal(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped), await stop);
        var ret = await run.InTime();
        Assert.Equal(JobState.Stopped, ret.FinalState);
        Assert.Equal(2, ret.Tries);
        Assert.Equal(new TryCounters(1, 5), ret.Next);
        Assert.Equal((1, 0), (job.Runs, job.Stops));
        Assert.Single(_rig.Logs.Accepted);
        await Wait.Until(() => _rig.Time.Timers == 0, "no timer is left");
    }

    [Fact]
    public async Task A_stop_while_a_failed_try_is_logged_stops_the_next_one()
    {
        var accepted = new TaskCompletionSource();
        _rig.Logs.Gate = _ => accepted.Task;
        var job = FakeJob.Fails();
        var runner = _rig.Make(job, Rig.Command(retry: 2, wait: "1h"));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");

        var stop = runner.StopAsync();
        Assert.False(stop.IsCompleted);
        accepted.SetResult();

        Assert.Equal(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped), await stop.InTime());
        Assert.Equal(2, (await run.InTime()).Tries);
        Assert.Equal((1, 0), (job.Runs, job.Stops));
        Assert.Equal(JobState.Fail, Assert.Single(_rig.Logs.Accepted).State);
    }

    [Theory]
    [InlineData(JobState.Complete)]
    [InlineData(JobState.Stopped)]
    [InlineData(JobState.Fail)]
    public async Task A_stop_while_the_last_try_is_logged_finds_the_run_finished(JobState state)
    {
        var accepted = new TaskCompletionSource();
        _rig.Logs.Gate = _ => accepted.Task;
        var runner = _rig.Make(FakeJob.Returns(FakeJob.In(state)));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");

        var stop = runner.StopAsync();
        accepted.SetResult();

        Assert.Equal(new StopResult(StopOutcome.AlreadyFinished, state), await stop.InTime());
        Assert.Equal(state, (await run.InTime()).FinalState);
    }

    [Fact]
    public async Task A_stop_while_waiting_for_a_slot_is_answered_at_once()
    {
        await _rig.Slots.TakeAsync(TestContext.Current.CancellationToken);
        var job = FakeJob.Returns(JobResult.Complete());
        var runner = _rig.Make(job);
        var run = runner.RunAsync();

        var stop = runner.StopAsync();

        Assert.True(stop.IsCompletedSuccessfully);
        Assert.Equal(StopOutcome.StoppedBeforeStart, (await stop).Outcome);
        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Equal(0, job.Runs);
        Assert.Equal(1, _rig.Slots.InUse);
    }

    [Fact]
    public async Task A_stop_while_waiting_for_a_slot_after_a_failed_try_is_a_stop_while_waiting()
    {
        var job = new FakeJob(async (_, _) =>
        {
            // Another takes the only slot as soon as this try gives it back.
            _ = _rig.Slots.TakeAsync(CancellationToken.None);
            await Task.Yield();
            return JobResult.Fail("no");
        });
        var runner = _rig.Make(job, Rig.Command(retry: 1));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Accepted.Count == 1 && runner.Status().Try == 2, "the next try wants a slot");
        Assert.False(runner.Status().Sleeping);

        Assert.Equal(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped), await runner.StopAsync().InTime());
        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Equal(1, job.Runs);
    }

    private static async Task<Task<Return>> Running(Runner runner, FakeJob job)
    {
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");
        return run;
    }
}
