using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>R2: one log per try, safe before anything goes on.</summary>
public sealed class TryLogTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task The_next_try_does_not_start_before_the_log_of_the_last_is_accepted()
    {
        var accepted = new TaskCompletionSource();
        _rig.Logs.Gate = log => log.Try == 1 ? accepted.Task : Task.CompletedTask;
        var job = FakeJob.Returns(JobResult.Fail("no"), JobResult.Complete());
        var run = _rig.Make(job, Rig.Command(retry: 1)).RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the first log is on its way");

        // All that could start a try without the log has run by now: the try has ended, its slot is free, no timer is set.
        Assert.Equal(0, _rig.Slots.InUse);
        await Wait.Until(() => _rig.Time.Timers == 0, "no timer is left");
        Assert.Equal(1, job.Runs);
        Assert.False(run.IsCompleted);
        accepted.SetResult();

        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        Assert.Equal(2, job.Runs);
    }

    [Fact]
    public async Task The_run_does_not_return_before_its_last_log_is_accepted()
    {
        var accepted = new TaskCompletionSource();
        _rig.Logs.Gate = _ => accepted.Task;
        var run = _rig.Make(FakeJob.Returns(JobResult.Complete())).RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");

        Assert.False(run.IsCompleted);
        accepted.SetResult();

        await run.InTime();
        Assert.Single(_rig.Logs.Accepted);
    }

    [Fact]
    public async Task The_log_holds_what_the_try_returned_and_when_it_ran()
    {
        var start = UnixNanoseconds.Now(_rig.Time);
        var job = FakeJob.Does(_ =>
        {
            _rig.Time.Advance(TimeSpan.FromSeconds(3));
            return new JobResult { State = JobState.Complete, Exit = 7, Error = "was done before", Stdout = "out", Stderr = "err" };
        });

        var ret = await _rig.Make(job).RunAsync().InTime();

        Assert.Equal(JobState.Complete, ret.FinalState);
        Assert.Equal(
            new JobLogRecorded
            {
                RequestId = "abc",
                JobId = "j1",
                Name = "jname",
                Type = "jtype",
                Try = 1,
                StartedAt = start,
                FinishedAt = start + 3_000_000_000,
                State = JobState.Complete,
                Exit = 7,
                Error = "was done before",
                Stdout = "out",
                Stderr = "err",
            },
            Assert.Single(_rig.Logs.Accepted));
    }

    [Fact]
    public async Task A_sink_that_gives_up_ends_the_run_and_whoever_waits_on_a_stop_is_sent_elsewhere()
    {
        var refused = new TaskCompletionSource();
        _rig.Logs.Gate = _ => refused.Task;
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(retry: 1));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "the log is on its way");
        var stop = runner.StopAsync();

        refused.SetException(new InvalidOperationException("lease lost"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => run.InTime());
        Assert.Equal(new StopResult(StopOutcome.MovedOn, JobState.Unknown), await stop.InTime());
        Assert.Equal(0, _rig.Slots.InUse);
    }

    [Fact]
    public async Task After_a_sink_gave_up_a_stop_is_sent_elsewhere_at_once()
    {
        _rig.Logs.Gate = _ => Task.FromException(new InvalidOperationException("lease lost"));
        var runner = _rig.Make(FakeJob.Fails(), Rig.Command(prevTries: 1));
        await Assert.ThrowsAsync<InvalidOperationException>(() => runner.RunAsync().InTime());

        Assert.Equal(StopOutcome.MovedOn, (await runner.StopAsync().InTime()).Outcome);
    }
}
