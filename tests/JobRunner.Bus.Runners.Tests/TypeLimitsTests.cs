using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>What AddJob may limit, and what it refuses.</summary>
public sealed class TypeLimitsTests
{
    [Fact]
    public async Task No_more_tries_of_a_type_run_at_once_than_it_allows_and_other_types_do_not_wait_for_it()
    {
        using var rig = new Rig();
        var limits = new JobTypeLimits(new JobTypeOptions { MaxConcurrency = 1 });
        var end = new TaskCompletionSource<JobResult>();
        var first = rig.Make(FakeJob.RunsUntil(end.Task), limits, id: "j1").RunAsync();
        await Wait.Until(() => rig.Slots.InUse == 1, "the first runs");

        var next = FakeJob.Returns(JobResult.Complete());
        var second = rig.Make(next, limits, id: "j2").RunAsync();
        Assert.Equal(JobState.Complete, (await rig.Make(FakeJob.Returns(JobResult.Complete()), Rig.Command(id: "j3")).RunAsync().InTime()).FinalState);

        Assert.Equal((0, 1), (next.Runs, rig.Slots.InUse));
        end.SetResult(JobResult.Complete());
        Assert.Equal(JobState.Complete, (await second.InTime()).FinalState);
        await first.InTime();
        Assert.Equal(0, rig.Slots.InUse);
    }

    [Fact]
    public async Task A_job_that_finds_no_place_of_its_type_goes_on_elsewhere_with_nothing_used_up()
    {
        using var rig = new Rig { Options = new() { ParkWaitsOver = TimeSpan.FromSeconds(1) } };
        var limits = new JobTypeLimits(new JobTypeOptions { MaxConcurrency = 1 });
        var end = new TaskCompletionSource<JobResult>();
        var first = rig.Make(FakeJob.RunsUntil(end.Task), limits, id: "j1").RunAsync();
        await Wait.Until(() => rig.Slots.InUse == 1, "the first runs");

        var waits = rig.Make(FakeJob.Fails(), limits, Rig.Command(retry: 2, prevTries: 1, totalTries: 5, id: "j2"));
        var second = waits.RunAsync();
        await Wait.Until(() => rig.Time.Timers == 1, "it waits for its type");
        rig.Time.Advance(TimeSpan.FromSeconds(1));

        var back = await second.InTime();
        Assert.Equal((RunEnd.HandedOver, JobTypeLimits.LookAgainAfter, new TryCounters(1, 5)), (back.End, back.Wait, back.Next));
        Assert.Empty(rig.Logs.Accepted);
        end.SetResult(JobResult.Complete());
        await first.InTime();
        Assert.Equal(JobState.Complete, (await rig.Make(FakeJob.Returns(JobResult.Complete()), limits, id: "j2").RunAsync().InTime()).FinalState);
    }

    [Fact]
    public async Task Without_any_patience_a_free_place_is_taken_and_a_taken_one_not_waited_for()
    {
        using var rig = new Rig { Options = new() { ParkWaitsOver = TimeSpan.Zero } };
        var limits = new JobTypeLimits(new JobTypeOptions { MaxConcurrency = 1 });
        var end = new TaskCompletionSource<JobResult>();
        var first = rig.Make(FakeJob.RunsUntil(end.Task), limits, id: "j1").RunAsync();
        await Wait.Until(() => rig.Slots.InUse == 1, "the first runs");

        Assert.Equal(RunEnd.HandedOver, (await rig.Make(FakeJob.Fails(), limits, id: "j2").RunAsync().InTime()).End);

        end.SetResult(JobResult.Complete());
        Assert.Equal(JobState.Complete, (await first.InTime()).FinalState);
    }

    [Fact]
    public async Task A_stop_ends_the_wait_for_a_place_and_the_place_is_not_lost()
    {
        using var rig = new Rig();
        var limits = new JobTypeLimits(new JobTypeOptions { MaxConcurrency = 1 });
        var end = new TaskCompletionSource<JobResult>();
        var first = rig.Make(FakeJob.RunsUntil(end.Task), limits, id: "j1").RunAsync();
        await Wait.Until(() => rig.Slots.InUse == 1, "the first runs");
        var waits = rig.Make(FakeJob.Fails(), limits, id: "j2");
        var second = waits.RunAsync();

        Assert.Equal(StopOutcome.StoppedBeforeStart, (await waits.StopAsync().InTime()).Outcome);

        Assert.Equal(JobState.Stopped, (await second.InTime()).FinalState);
        end.SetResult(JobResult.Complete());
        await first.InTime();
        Assert.Equal(JobState.Complete, (await rig.Make(FakeJob.Returns(JobResult.Complete()), limits, id: "j3").RunAsync().InTime()).FinalState);
    }

    [Theory]
    [InlineData(null, "2m0s")]
    [InlineData("5m", "5m0s")]
    public async Task A_type_may_have_a_timeout_of_its_own_which_a_command_overrides(string? ofCommand, string expected)
    {
        using var rig = new Rig();
        var limits = new JobTypeLimits(new JobTypeOptions { TryTimeout = TimeSpan.FromMinutes(2) });
        var run = rig.Make(FakeJob.RunsUntilStopped(JobResult.Stopped()), limits, Rig.Command(timeout: ofCommand)).RunAsync();
        await Wait.Until(() => rig.Time.Timers == 1, "the time is limited");
        rig.Time.Advance(GoDuration.Parse(expected).ToTimeSpan());

        Assert.Equal(JobState.Fail, (await run.InTime()).FinalState);
        Assert.Equal($"the try took longer than its timeout of {expected}", Assert.Single(rig.Logs.Accepted).Error);
    }

    [Fact]
    public void Limits_out_of_range_are_told_with_their_type()
    {
        var services = new ServiceCollection();

        Assert.Contains("\"a\": MaxConcurrency is 0", Assert.Throws<ArgumentException>(() => services.AddJob<Plain>("a", o => o.MaxConcurrency = 0)).Message);
        Assert.Contains("\"a\": TryTimeout is 00:00:00", Assert.Throws<ArgumentException>(() => services.AddJob<Plain>("a", o => o.TryTimeout = TimeSpan.Zero)).Message);
        Assert.Contains("75 bytes", Assert.Throws<ArgumentException>(() => services.AddJob<Plain>(new string('a', 76))).Message);
        Assert.Contains("is abstract", Assert.Throws<ArgumentException>(() => services.AddJob<Unfinished>("a")).Message);
        Assert.Empty(services);
    }

    [Fact]
    public async Task Jobs_that_can_never_be_made_are_told_all_together_when_the_factory_is_made()
    {
        await using var services = new ServiceCollection().AddRunners()
            .AddJob<Plain>("plain").AddJob<Needy>("needy").AddJob<Closed>("closed").AddJob<Choosy>("choosy")
            .BuildServiceProvider();

        var error = Assert.Throws<InvalidOperationException>(() => services.GetRequiredService<IJobFactory>());

        Assert.Equal(
            $"Job type \"needy\": the constructor of {typeof(Needy)} asks for {typeof(Uri)}, which no service is registered for. "
            + $"Job type \"closed\": {typeof(Closed)} has no public constructor.",
            error.Message);
    }

    private class Plain : IJob
    {
        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => Task.FromResult(JobResult.Complete());
    }

    private abstract class Unfinished : Plain;

    private sealed class Needy(TimeProvider time, Uri address) : Plain
    {
        public override string ToString() => $"{time} {address}";
    }

    private sealed class Closed : Plain
    {
        private Closed()
        {
        }
    }

    private sealed class Choosy(TimeProvider time, Uri? address = null) : Plain
    {
        public override string ToString() => $"{time} {address}";
    }
}
