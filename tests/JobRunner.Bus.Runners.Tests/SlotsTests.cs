using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Slots limit tries that run; a runner that waits holds none.</summary>
public sealed class SlotsTests
{
    [Fact]
    public async Task No_more_tries_run_at_once_than_there_are_slots_and_all_get_their_turn()
    {
        using var rig = new Rig { Slots = new(3) };
        var running = 0;
        var most = 0;
        var full = new TaskCompletionSource();
        var job = new FakeJob(async (_, _) =>
        {
            var now = Interlocked.Increment(ref running);
            InterlockedMax(ref most, now);
            if (now == 3)
            {
                full.TrySetResult();
            }

            await full.Task;
            await Task.Yield();
            Interlocked.Decrement(ref running);
            return JobResult.Fail("no");
        });

        var runs = Enumerable.Range(0, 40).Select(n => rig.Make(job, Rig.Command(retry: 2, id: $"j{n}")).RunAsync()).ToList();
        await Task.WhenAll(runs).InTime();

        Assert.Equal(3, most);
        Assert.Equal(120, job.Runs);
        Assert.Equal((3, 0), (rig.Slots.Count, rig.Slots.InUse));
    }

    [Fact]
    public async Task Thousands_of_runners_that_wait_between_tries_leave_the_slots_to_others()
    {
        const int Waiting = 3000;
        using var rig = new Rig { Slots = new(1) };
        var waits = FakeJob.Does(context => context.Try == 1 ? JobResult.Fail("no") : JobResult.Complete());
        var runs = Enumerable.Range(0, Waiting).Select(n => rig.Make(waits, Rig.Command(retry: 1, wait: "1h", id: $"j{n}")).RunAsync()).ToList();
        await Wait.Until(() => rig.Time.Timers == Waiting, "all of them wait");
        Assert.Equal(0, rig.Slots.InUse);

        for (var n = 0; n < 10; n++)
        {
            var other = await rig.Make(FakeJob.Returns(JobResult.Complete()), Rig.Command(id: $"other{n}")).RunAsync().InTime();
            Assert.Equal(JobState.Complete, other.FinalState);
        }

        rig.Time.Advance(TimeSpan.FromHours(1));
        Assert.All(await Task.WhenAll(runs).InTime(), ret => Assert.Equal(JobState.Complete, ret.FinalState));
        Assert.Equal(0, rig.Slots.InUse);
    }

    [Fact]
    public async Task A_runner_whose_wait_is_over_stands_in_line_and_is_shown_as_waiting()
    {
        using var rig = new Rig { Slots = new(1) };
        var runner = rig.Make(FakeJob.Returns(JobResult.Fail("no"), JobResult.Complete()), Rig.Command(retry: 1, wait: "1s"));
        var run = runner.RunAsync();
        await Wait.Until(() => rig.Time.Timers == 1, "it waits");
        await rig.Slots.TakeAsync(TestContext.Current.CancellationToken);
        rig.Time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(runner.Status().Sleeping);
        Assert.False(run.IsCompleted);
        rig.Slots.Release();

        Assert.Equal(JobState.Complete, (await run.InTime()).FinalState);
        Assert.False(runner.Status().Sleeping);
    }

    [Fact]
    public void There_is_at_least_one_slot() => Assert.Throws<ArgumentOutOfRangeException>(() => new TrySlots(0));

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); seen < value;)
        {
            seen = Interlocked.CompareExchange(ref target, value, seen) is var found && found == seen ? value : found;
        }
    }
}
