using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Tests.Runs;

namespace JobRunner.Bus.Tests.Hosting;

/// <summary>How a worker that is told to end lets go of its runs.</summary>
public sealed class WorkerDrainTests
{
    [Fact]
    public async Task A_try_that_ends_within_the_drain_timeout_ends_there()
    {
        await using var worker = await Worker.StartAsync(("DrainTimeout", "1h"));
        var go = new TaskCompletionSource();
        worker.Scripts["j"] = async (_, stop) =>
        {
            await go.Task.WaitAsync(stop);
            return JobResult.Complete();
        };
        await worker.SendAsync(Worker.Command());
        await WorkerStopTests.RunsAsync(worker);

        var stopping = worker.StopHostAsync();
        await Eventually.HoldsAsync("it drains", () => worker.Get<WorkerReadiness>().NotReady == "draining");
        Assert.False(stopping.IsCompleted);
        go.SetResult();
        await stopping.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        // Not by its JobFinished: what the bus holds in memory may go with the process.
        Assert.Contains(worker.LogLines, line => line.Message == "Run ended: COMPLETE after 1 tries of this run");
        Assert.Contains(worker.LogLines, line => line.Message == "Drained");
    }

    [Fact]
    public async Task A_try_that_does_not_is_cut_logged_STOPPED_and_handed_over_with_its_budget_unspent()
    {
        await using var world = new World(new WorkerOptions { DrainTimeout = TimeSpan.FromSeconds(30) });
        var started = new TaskCompletionSource();
        world.Try = async (context, stop) =>
        {
            context.JobData["begun"] = true;
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return JobResult.Complete();
        };
        var run = world.DeliverAsync(World.Command(retry: 1, totalTries: 4));
        await started.Task;

        var drain = world.Get<WorkerDrain>().RunAsync(CancellationToken.None);
        world.Time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(drain.IsCompleted);
        Assert.Empty(world.Logs);
        world.Time.Advance(TimeSpan.FromSeconds(1));
        await Task.WhenAll(drain, run).WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        var (next, leg, wait) = Assert.Single(world.SentOn);
        Assert.Equal((0L, 5L, 0L, TimeSpan.Zero), (next.PrevTries, next.TotalTries, leg.TriesBefore, wait));
        Assert.Equal("""{"begun":true}""", next.JobData.ToJsonString());
        Assert.Equal((5L, JobState.Stopped), (world.Logs.Single().Try, world.Logs.Single().State));
        Assert.Empty(world.Ends);
        Assert.Equal(0, world.Repo.Count);
    }

    [Fact]
    public async Task A_run_that_waits_on_the_spot_is_handed_over_at_once_with_the_wait_that_is_left()
    {
        await using var world = new World(new WorkerOptions { ParkWaitsOver = TimeSpan.FromHours(1) });
        world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        var run = world.DeliverAsync(World.Command(retry: 2, retryWait: "60s"));
        await Eventually.HoldsAsync("it waits", () => world.Repo.Items().Any(runner => runner.Status().Sleeping));
        world.Time.Advance(TimeSpan.FromSeconds(20));

        await world.Get<WorkerDrain>().RunAsync(CancellationToken.None);
        await run;

        var (next, leg, wait) = Assert.Single(world.SentOn);
        Assert.Equal((1L, 1L, 1L, TimeSpan.FromSeconds(40)), (next.PrevTries, next.TotalTries, leg.TriesBefore, wait));
    }

    [Fact]
    public async Task Parked_runs_are_left_where_they_are()
    {
        await using var world = new World();
        world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        await world.DeliverAsync(World.Command(retry: 2, retryWait: "60s"));

        await world.Get<WorkerDrain>().RunAsync(CancellationToken.None);

        Assert.Single(world.SentOn);
    }

    [Fact]
    public async Task A_run_that_breaks_does_not_end_the_drain_of_the_others()
    {
        await using var world = new World(new WorkerOptions { DrainTimeout = TimeSpan.FromSeconds(30) });
        var (breaks, ends) = (new TaskCompletionSource(), new TaskCompletionSource());
        world.Try = async (context, _) =>
        {
            await (context.Job.Id == "breaks" ? breaks : ends).Task;
            return context.Job.Id == "breaks" ? JobResult.Fail("no") : JobResult.Complete();
        };
        var (broken, ended) = (world.DeliverAsync(World.Command("breaks", retry: 1)), world.DeliverAsync(World.Command("ends")));
        await Eventually.HoldsAsync("both run", () => world.Get<TrySlots>().InUse == 2);
        var drain = world.Get<WorkerDrain>().RunAsync(CancellationToken.None);

        world.Taking = () => throw new InvalidOperationException("the worker's own error");
        breaks.SetResult();
        Assert.IsType<InvalidOperationException>((await Assert.ThrowsAsync<RunAbandonedException>(() => broken)).InnerException);
        world.Taking = () => Task.CompletedTask;
        ends.SetResult();

        await drain.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        await ended;
        Assert.Contains(world.LogLines, line => line.Message == "Drained");
    }

    [Fact]
    public async Task A_worker_that_was_told_to_drain_is_not_drained_before_its_last_run_is_over_however_long_that_takes()
    {
        await using var worker = await Worker.StartAsync(("DrainTimeout", "0s"), ("StopTimeout", "100ms"));
        await using var runner = worker.Get<RunnerFactory>().Make(Worker.Command());
        var run = new LiveRun(new CommandDelivery(Worker.Command(), null, RunLeg.First, null), runner, heldSince: 0);
        Assert.True(worker.Get<RunnerRepo>().TryAdd(run));

        worker.Get<WorkerIntake>().Drain("ada");
        await Eventually.HoldsAsync("it tries again", () => worker.LogLines.Count(line => line.Message.StartsWith("Draining: ", StringComparison.Ordinal)) == 2);
        Assert.Contains(worker.LogLines, line => line.Message.StartsWith("1 runs could not be handed over", StringComparison.Ordinal));
        Assert.Equal(WorkerStatus.Draining, worker.Get<DrainSignal>().Stage);

        Assert.True(worker.Get<RunnerRepo>().Remove(run));
        run.MarkOver();
        await Eventually.HoldsAsync("it is drained", () => worker.Get<DrainSignal>().Stage == WorkerStatus.Drained);
    }

    [Fact]
    public async Task A_run_that_has_just_ended_does_not_disturb_the_drain()
    {
        await using var world = new World();
        var command = World.Command();
        var runner = world.Get<RunnerFactory>().Make(command);
        var run = new LiveRun(new CommandDelivery(command, null, RunLeg.First, null), runner, heldSince: 0);
        Assert.True(world.Repo.TryAdd(run));
        run.MarkOver();
        await runner.DisposeAsync();

        runner.HandOver();
        runner.CutTry();

        Assert.True(world.Repo.Remove(run));
    }
}
