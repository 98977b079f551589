using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Jobs whose own code throws or blocks where others call it: whoever stops, abandons, drains or starts a run is not hurt.</summary>
public sealed class HostileJobTests : IDisposable
{
    private readonly Rig _rig = new();

    public void Dispose() => _rig.Dispose();

    public static TheoryData<string> Asks => ["stop", "hand over", "cut", "abandon"];

    private static void Ask(Runner runner, string ask)
    {
        switch (ask)
        {
            case "stop":
                _ = runner.StopAsync();
                break;
            case "hand over":
                runner.HandOver();
                break;
            case "cut":
                runner.CutTry();
                break;
            default:
                runner.Abandon();
                break;
        }
    }

    [Theory]
    [MemberData(nameof(Asks))]
    public async Task A_callback_that_throws_while_the_log_is_on_its_way_does_not_reach_whoever_asks(string ask)
    {
        _rig.Logs.Gate = _ => new TaskCompletionSource().Task;
        var job = new FakeJob((_, stopToken) =>
        {
            stopToken.Register(() => throw new InvalidOperationException("callback broke"));
            return Task.FromResult(JobResult.Fail("no"));
        });
        var runner = _rig.Make(job, Rig.Command(retry: 2));
        var run = runner.RunAsync();
        await Wait.Until(() => _rig.Logs.Asked == 1, "its log is on its way");

        Ask(runner, ask);

        runner.Abandon();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.InTime());
    }

    [Theory]
    [MemberData(nameof(Asks))]
    public async Task Callbacks_that_throw_while_the_try_runs_do_not_reach_whoever_asks(string ask)
    {
        _rig.Logs.Gate = _ => new TaskCompletionSource().Task; // a run that was stopped or cut does not end before it is abandoned
        var job = new FakeJob(async (_, stopToken) =>
        {
            stopToken.Register(() => throw new InvalidOperationException("one"));
            stopToken.Register(() => throw new OperationCanceledException("two"));
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stopToken);
            return JobResult.Complete();
        }, stop: () => throw new InvalidOperationException("and its stop, before its first await"));
        var runner = _rig.Make(job, Rig.Command(retry: 2));
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");

        Ask(runner, ask);

        runner.Abandon();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run.InTime());
        Assert.Equal(0, _rig.Slots.InUse);
    }

    [Theory]
    [MemberData(nameof(Asks))]
    public async Task A_callback_and_a_stop_that_block_hold_nobody_who_asks(string ask)
    {
        using var unblock = new ManualResetEventSlim();
        var job = new FakeJob((_, stopToken) =>
        {
            stopToken.Register(unblock.Wait);
            unblock.Wait(CancellationToken.None);
            return Task.FromResult(JobResult.Complete());
        }, stop: () =>
        {
            unblock.Wait(CancellationToken.None);
            return Task.CompletedTask;
        });
        var runner = _rig.Make(job);
        var run = runner.RunAsync();
        await Wait.Until(() => job.Runs == 1, "the try runs");

        var asked = Task.Run(() => Ask(runner, ask), TestContext.Current.CancellationToken);

        await asked.InTime();
        Assert.False(run.IsCompleted);
        unblock.Set();
        await ((Task)run).InTime().ContinueWith(static _ => { }, TaskScheduler.Default);
    }

    [Fact]
    public async Task A_job_that_blocks_in_its_constructor_does_not_block_whoever_starts_it()
    {
        using var unblock = new ManualResetEventSlim();
        var runner = _rig.Factory(new SlowFactory(unblock)).Make(Rig.Command());

        var started = Task.Run(() => (object)runner.RunAsync(), TestContext.Current.CancellationToken);
        var run = (Task<Return>)await started.InTime();

        Assert.Equal((false, JobState.Pending), (run.IsCompleted, runner.Status().State));
        unblock.Set();
        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
    }

    [Fact]
    public async Task A_stop_while_the_job_is_made_is_answered_at_once_and_leaves_no_try_and_no_log()
    {
        using var unblock = new ManualResetEventSlim();
        var runner = _rig.Factory(new SlowFactory(unblock)).Make(Rig.Command());
        var run = runner.RunAsync();

        var answer = await runner.StopAsync().InTime();
        unblock.Set();

        Assert.Equal(StopOutcome.StoppedBeforeStart, answer.Outcome);
        Assert.Equal(JobState.Stopped, (await run.InTime()).FinalState);
        Assert.Empty(_rig.Logs.Accepted);
    }

    [Fact]
    public async Task A_run_that_waits_keeps_nothing_of_what_its_try_wrote()
    {
        var (runner, output) = await Waiting();

        await Wait.Until(
            () =>
            {
                GC.Collect();
                return !output.IsAlive;
            },
            "the output is let go of");
        Assert.True(runner.Status().Sleeping);
        await runner.StopAsync().InTime();
    }

    private async Task<(Runner Runner, WeakReference Output)> Waiting()
    {
        WeakReference? output = null;
        var job = new FakeJob((_, _) =>
        {
            var text = new string('x', 100_000);
            output = new WeakReference(text);
            return Task.FromResult(JobResult.Fail("no") with { Stdout = text });
        });
        var parts = new RunnerFactory(new Rig.OneJob(job), new NoLogs(), _rig.Slots, _rig.Options, _rig.Time, _rig.Logger);
        var runner = parts.Make(Rig.Command(retry: 1, wait: "1h"));
        _ = runner.RunAsync();
        await Wait.Until(() => runner.Status().Sleeping, "it waits");
        return (runner, output!);
    }

    private sealed class SlowFactory(ManualResetEventSlim made) : IJobFactory
    {
        public MadeJob Make(Job job)
        {
            made.Wait();
            return new MadeJob(FakeJob.Returns(JobResult.Complete()), null);
        }
    }

    private sealed class NoLogs : IJobLogSink
    {
        public Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
