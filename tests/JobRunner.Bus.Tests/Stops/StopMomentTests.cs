using System.Diagnostics;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Tests.Runs;

namespace JobRunner.Bus.Tests.Stops;

/// <summary>Stops that come at the worst moment.</summary>
public sealed class StopMomentTests : IAsyncDisposable
{
    private readonly World _world = new();

    [Fact]
    public async Task A_stop_that_comes_as_the_run_is_made_is_not_lost()
    {
        _world.Try = Scripts.UntilStoppedAsync;
        _world.Making = _ => Assert.True(_world.StopAsync(asker: "me").IsCompleted);

        await _world.DeliverAsync(World.Command(sentAt: World.Noon)).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);

        Assert.Equal(JobState.Stopped, Assert.Single(_world.Ends).FinalState);
        await Eventually.HoldsAsync("the asker is answered", () => !_world.Replies.IsEmpty);
        Assert.Single(_world.Replies);
        Assert.Empty(_world.Logs);
        Assert.Equal(0, _world.Repo.Count);
    }

    [Fact]
    public async Task A_stop_that_comes_as_a_waiting_run_is_taken_up_is_not_lost()
    {
        var (next, leg) = await _world.ParkAsync();
        _world.Try = Scripts.UntilStoppedAsync;
        _world.Making = _ => Assert.True(_world.StopAsync(asker: "me").IsCompleted);

        await _world.DeliverAsync(next, leg).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);

        var end = Assert.Single(_world.Ends);
        Assert.Equal((JobState.Stopped, 2L), (end.FinalState, end.Tries));
        Assert.Single(_world.Replies);
        Assert.Equal(0, _world.Repo.Count);
    }

    [Fact]
    public async Task A_stop_that_comes_between_a_failed_try_and_its_wait_stops_the_waiting_run()
    {
        _world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        var command = World.Command(retry: 3, retryWait: "1h", sentAt: World.Noon);
        var runner = _world.Get<RunnerFactory>().Make(command);
        var run = new LiveRun(new CommandDelivery(command, World.Noon, RunLeg.First, null), runner, heldSince: 0);
        Assert.True(_world.Repo.TryAdd(run));
        Assert.Equal(RunEnd.Parked, (await runner.RunAsync()).End);

        await _world.StopAsync(asker: "me");
        Assert.Equal(StopOutcome.MovedOn, (await run.StopAsync()).Outcome);
        var settled = new TaskCompletionSource();
        var parked = new ParkedRun(command, run, new RunLeg("l1", 1), run.Status(), _world.Get<JobFinishedPublisher>(), _ =>
        {
            settled.SetResult();
            return Task.CompletedTask;
        });
        Assert.True(_world.Repo.TryReplace(run, parked));
        run.MarkOver();

        await settled.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.Equal(JobState.Stopped, Assert.Single(_world.Ends).FinalState);
        await runner.DisposeAsync();
    }

    [Fact]
    public async Task A_stop_that_comes_as_the_run_has_just_ended_is_answered_once_the_end_is_safe()
    {
        var run = await EndedAsync();

        await _world.StopAsync(asker: "me");
        Assert.Empty(_world.Replies);
        run.MarkOver();

        await Eventually.HoldsAsync("the asker is answered", () => !_world.Replies.IsEmpty, TimeSpan.FromSeconds(10));
        Assert.Equal(("already-finished", JobState.Complete), (_world.Replies.Single().Reply.Outcome, _world.Replies.Single().Reply.FinalState));
    }

    [Fact]
    public async Task A_stop_of_a_run_that_ended_and_was_abandoned_before_that_was_safe_is_left_to_its_successor()
    {
        var job = Guid.NewGuid().ToString("N");
        var heard = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source == JobTraces.Source,
            Sample = (ref options) => options.Name == "process stop-job" ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = span =>
            {
                if (span.OperationName == "process stop-job" && span.GetTagItem(JobTraces.JobIdKey) as string == job)
                {
                    heard.TrySetResult();
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        var run = await EndedAsync(job);

        await _world.StopAsync(job, asker: "me");
        Assert.False(heard.Task.IsCompleted);
        run.MarkBroken(new RunAbandonedException());
        await heard.Task.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Assert.Empty(_world.Replies);
        Assert.DoesNotContain(_world.LogLines, line => line.Id.Id == 1112);
    }

    private async Task<LiveRun> EndedAsync(string job = "j")
    {
        var command = World.Command(job, sentAt: World.Noon);
        var runner = _world.Get<RunnerFactory>().Make(command);
        var run = new LiveRun(new CommandDelivery(command, World.Noon, RunLeg.First, null), runner, heldSince: 0);
        Assert.True(_world.Repo.TryAdd(run));
        await runner.RunAsync();
        await runner.DisposeAsync();
        return run;
    }

    [Fact]
    public async Task A_stop_asked_for_twice_ends_the_run_once_and_answers_both()
    {
        var bothAsked = new TaskCompletionSource();
        var run = await _world.StartAsync(World.Command(sentAt: World.Noon), async (_, _) =>
        {
            await bothAsked.Task;
            return JobResult.Fail("told to stop");
        });

        await _world.StopAsync(asker: "one");
        await _world.StopAsync(asker: "two");
        bothAsked.SetResult();
        await run;

        Assert.Single(_world.Ends);
        await Eventually.HoldsAsync("both are answered", () => _world.Replies.Count == 2);
        Assert.Equal(["one", "two"], _world.Replies.Select(reply => reply.To.Queue).Order());
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
