using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Long waits leave the runner: whoever is free then goes on.</summary>
public sealed class ParkTests : IDisposable
{
    private readonly Rig _rig = new() { Options = new() { ParkWaitsOver = TimeSpan.FromSeconds(10) } };

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_wait_over_the_limit_is_parked_with_the_counters_and_the_data_to_go_on_with()
    {
        var job = FakeJob.Does(context =>
        {
            context.JobData["seen"] = context.Try;
            return FakeJob.In(JobState.Unknown);
        });
        var runner = _rig.Make(job, Rig.Command(retry: 3, wait: "10.001s", prevTries: 1, totalTries: 6));

        var ret = await runner.RunAsync().InTime();

        Assert.Equal(RunEnd.Parked, ret.End);
        Assert.Equal(JobState.Unknown, ret.FinalState);
        Assert.Equal(new TryCounters(2, 7), ret.Next);
        Assert.Equal(TimeSpan.FromMilliseconds(10_001), ret.Wait);
        Assert.Equal("""{"seen":7}""", ret.JobData.ToJsonString());
        Assert.Equal(1, job.Runs);
        Assert.Equal(new StopResult(StopOutcome.MovedOn, JobState.Unknown), await runner.StopAsync().InTime());
    }

    [Fact]
    public async Task A_wait_of_just_the_limit_is_waited_out_here()
    {
        var run = _rig.Make(FakeJob.Returns(JobResult.Fail("no"), JobResult.Complete()), Rig.Command(retry: 1, wait: "10s")).RunAsync();

        await _rig.Time.AdvanceOnce(timers: 1, by: TimeSpan.FromSeconds(10));

        Assert.Equal(RunEnd.Finished, (await run.InTime()).End);
    }

    [Fact]
    public async Task A_last_try_is_never_parked()
    {
        var ret = await _rig.Make(FakeJob.Fails(), Rig.Command(retry: 1, wait: "1h", prevTries: 1)).RunAsync().InTime();

        Assert.Equal((RunEnd.Finished, TimeSpan.Zero), (ret.End, ret.Wait));
    }

    [Fact]
    public async Task A_stop_that_comes_before_the_run_parks_stops_it()
    {
        var accepted = new TaskCompletionSource();
        _rig.Logs.Gate = _ => accepted.Task;
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(retry: 1, wait: "1h"));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");

        var stop = runner.StopAsync();
        accepted.SetResult();

        Assert.Equal(new StopResult(StopOutcome.StoppedWhileWaiting, JobState.Stopped), await stop.InTime());
        var ret = await run.InTime();
        Assert.Equal((RunEnd.Finished, JobState.Stopped, new TryCounters(1, 1)), (ret.End, ret.FinalState, ret.Next));
    }

    [Fact]
    public async Task A_run_parked_again_and_again_uses_up_its_budget_exactly()
    {
        var command = Rig.Command(retry: 3, wait: "1h");
        Return ret;
        do
        {
            ret = await _rig.Make(FakeJob.Fails(), command).RunAsync().InTime();
            command = command with { PrevTries = ret.Next.PrevTries, TotalTries = ret.Next.TotalTries };
        }
        while (ret.End == RunEnd.Parked);

        Assert.Equal(JobState.Fail, ret.FinalState);
        Assert.Equal(new TryCounters(4, 4), ret.Next);
        Assert.Equal([1L, 2L, 3L, 4L], _rig.Logs.Accepted.Select(log => log.Try));
    }
}
