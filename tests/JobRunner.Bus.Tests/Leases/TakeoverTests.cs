using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Tests.Runs;
using Microsoft.Extensions.Logging.Testing;

namespace JobRunner.Bus.Tests.Leases;

/// <summary>Commands that were delivered before: their run may live elsewhere.</summary>
public sealed class TakeoverTests : IAsyncDisposable
{
    private readonly StubLeases _leases = new();
    private readonly World _world;

    public TakeoverTests() => _world = new World(leases: _leases);

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    private Task DeliverAgainAsync(CancellationToken lost = default)
    {
        var command = World.Command(sentAt: World.Noon);
        return _world.Get<RunDispatcher>().RunAsync(new CommandDelivery(command, command.SentAt, RunLeg.First, null) { Redelivered = true }, lost);
    }

    [Fact]
    public async Task A_run_that_lives_elsewhere_is_put_back_and_left_alone_for_a_while()
    {
        _leases.Claims = _ => Task.FromResult<RunClaim?>(null);

        await DeliverAgainAsync();

        var (delivery, wait) = Assert.Single(_world.Requeued);
        Assert.Equal((World.Noon, RunLeg.First, TimeSpan.FromSeconds(10)), (delivery.SentAt, delivery.Leg, wait));
        Assert.Empty(_world.Logs);
    }

    [Theory]
    [InlineData("l1")]
    [InlineData(null)]
    public async Task A_redelivered_command_that_is_not_due_yet_comes_back_as_redelivered(string? leg)
    {
        var claims = 0;
        _leases.Claims = job =>
        {
            claims++;
            return Task.FromResult(_leases.Held.TryAdd(job));
        };
        var command = World.Command(retry: 3, retryWait: "10m", sentAt: World.Noon);
        await _world.Get<RunDispatcher>().RunAsync(
            new CommandDelivery(command, command.SentAt, new RunLeg(leg, leg is null ? 0 : 1) { WaitLeft = TimeSpan.FromMinutes(10) }, null) { Redelivered = true }, CancellationToken.None);

        Assert.Empty(_world.SentOn);
        var (delivery, wait) = Assert.Single(_world.Requeued);
        Assert.Equal(TimeSpan.FromMinutes(10), wait);
        _world.Time.Advance(wait);
        await _world.Get<RunDispatcher>().RunAsync(delivery with { Redelivered = true, Leg = delivery.Leg with { WaitLeft = TimeSpan.Zero } }, CancellationToken.None);

        Assert.Equal(1, claims);
        Assert.Single(_world.Ends);
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(false, 1)]
    public async Task A_run_that_the_broker_may_have_sent_twice_is_looked_up(bool hasRun, int tries)
    {
        var command = World.Command(retry: 3, retryWait: "10m", sentAt: World.Noon, totalTries: 1) with { PrevTries = 1 };
        var end = new JobFinished { RequestId = "r", JobId = "j", FinalState = JobState.Complete, Tries = 2, PrevTries = 2, TotalTries = 2 };
        JournalEntry[] journal =
        [
            new RunSentOn("l1", 1, World.Noon),
            .. hasRun
                ? (JournalEntry[])[new TryLogged(new JobLogRecorded { RequestId = "r", JobId = "j", Try = 2, State = JobState.Complete }), new RunFinished(end, World.Noon, World.Noon)]
                : [],
        ];
        await using var world = new World(null, _leases, journal);
        _leases.Twice = true;

        await world.Get<RunDispatcher>().RunAsync(new CommandDelivery(command, command.SentAt, new RunLeg("l1", 1) { WaitLeft = TimeSpan.Zero }, World.Noon), CancellationToken.None);

        Assert.Equal(tries, world.Logs.Count);
        Assert.Single(world.Ends);
    }

    [Fact]
    public async Task A_run_that_nobody_says_is_theirs_is_taken_over_and_its_claim_let_go()
    {
        await DeliverAgainAsync();

        Assert.Single(_world.Logs);
        Assert.Empty(_world.SentOn);
        Assert.Null(_leases.Held.Find(new RunnerKey("r", "j")));
    }

    [Fact]
    public async Task A_claim_that_has_to_yield_at_the_last_moment_starts_nothing()
    {
        _leases.Claims = job =>
        {
            var claim = _leases.Held.TryAdd(job);
            claim!.Yield();
            return Task.FromResult<RunClaim?>(claim);
        };

        await DeliverAgainAsync();

        Assert.Single(_world.Requeued);
        Assert.Empty(_world.Logs);
        Assert.Null(_leases.Held.Find(new RunnerKey("r", "j")));
    }

    [Fact]
    public async Task A_claim_that_has_to_yield_while_its_run_waits_for_room_starts_nothing()
    {
        await using var world = new World(new WorkerOptions { Slots = 2, MaxRunners = 1 }, _leases);
        var end = new TaskCompletionSource<JobResult>();
        var run = await world.StartAsync(World.Command("runs"), (_, _) => end.Task);
        var command = World.Command("waits", sentAt: World.Noon);
        var waits = world.Get<RunDispatcher>().RunAsync(new CommandDelivery(command, command.SentAt, RunLeg.First, null) { Redelivered = true }, CancellationToken.None);
        Assert.False(waits.IsCompleted);

        _leases.Held.Find(new RunnerKey("r", "waits"))!.Yield();
        end.SetResult(JobResult.Complete());
        await run;

        await Assert.ThrowsAsync<RunAbandonedException>(() => waits);
        Assert.DoesNotContain(world.Logs, log => log.JobId == "waits");
    }

    [Fact]
    public async Task A_run_that_was_to_be_taken_over_while_it_ended_elsewhere_and_its_resume_began_here_is_dropped()
    {
        List<JournalEntry> journal = [];
        await using var world = new World(null, _leases, journal);
        var end = new TaskCompletionSource<JobResult>();
        var resume = Task.CompletedTask;
        _leases.Claims = async job =>
        {
            resume = await world.StartAsync(World.Command(sentAt: World.Noon.AddSeconds(5)), (_, _) => end.Task);
            return _leases.Held.TryAdd(job);
        };
        var command = World.Command(sentAt: World.Noon);
        var copy = world.Get<RunDispatcher>().RunAsync(new CommandDelivery(command, command.SentAt, RunLeg.First, null) { Redelivered = true }, CancellationToken.None);
        await TestKit.Eventually.HoldsAsync("it is to go on", () => world.Get<FakeLogCollector>().GetSnapshot().Any(line => line.Id.Id == 1107));

        journal.Add(new RunFinished(new JobFinished { RequestId = "r", JobId = "j", FinalState = JobState.Stopped }, World.Noon.AddSeconds(4), World.Noon));
        await TestKit.Eventually.HoldsAsync("it has met the resume", () =>
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
            return copy.IsCompleted;
        });

        await copy;
        end.SetResult(JobResult.Complete());
        await resume;
        Assert.Single(world.Logs);
        Assert.Equal([JobState.Stopped, JobState.Complete], world.Ends.Select(told => told.FinalState));
    }

    [Fact]
    public async Task A_run_that_starts_says_so_to_whoever_has_asked_about_another_copy_of_its_command()
    {
        await _world.DeliverAsync(World.Command());

        Assert.Equal([new RunnerKey("r", "j")], _leases.Started);
    }

    [Fact]
    public async Task A_command_that_waits_for_its_lease_as_the_drain_begins_is_put_back_at_once()
    {
        _leases.Claims = _ => new TaskCompletionSource<RunClaim?>().Task;
        var delivery = DeliverAgainAsync();
        Assert.False(delivery.IsCompleted);

        await _world.Get<WorkerDrain>().RunAsync(CancellationToken.None);

        await delivery.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        Assert.Equal(TimeSpan.Zero, Assert.Single(_world.Requeued).Wait);
    }

    [Fact]
    public async Task A_command_that_waits_for_room_as_the_drain_begins_goes_on_as_a_leg_of_its_own()
    {
        await using var world = new World(new WorkerOptions { Slots = 1, MaxRunners = 1 });
        var end = new TaskCompletionSource<JobResult>();
        var run = await world.StartAsync(World.Command("runs"), (_, _) => end.Task);
        var waits = world.DeliverAsync(World.Command("waits"));

        var drain = world.Get<WorkerDrain>().RunAsync(CancellationToken.None);

        await waits.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);
        var (command, leg, wait) = Assert.Single(world.SentOn);
        Assert.Equal(("waits", TimeSpan.Zero), (command.Job.Id, wait));
        Assert.NotNull(leg.Id);
        end.SetResult(JobResult.Complete());
        await drain;
        await run;
    }

    [Fact]
    public async Task A_run_placed_as_the_drain_begins_is_handed_over_before_its_first_try()
    {
        await using var world = new World();
        world.Get<DrainSignal>().Begin();

        await world.DeliverAsync(World.Command());

        Assert.Single(world.SentOn);
        Assert.Empty(world.Logs);
    }

    [Fact]
    public async Task A_worker_that_is_cut_off_starts_nothing_until_it_is_in_contact_again()
    {
        var contact = new TaskCompletionSource();
        _leases.Contact = contact.Task;
        var delivery = _world.DeliverAsync(World.Command());
        Assert.Equal(0, _world.Repo.Count);

        contact.SetResult();

        await delivery;
        Assert.Single(_world.Logs);
    }

    [Fact]
    public async Task An_abandoned_run_goes_back_to_the_queue_and_leaves_neither_log_nor_end()
    {
        await using var world = new World(new WorkerOptions { MaxRunners = 16 });
        var run = await world.StartAsync(World.Command(), async (_, stop) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return JobResult.Complete();
        });

        Assert.IsType<LiveRun>(Assert.Single(world.Repo.Items())).Runner.Abandon();

        await Assert.ThrowsAsync<RunAbandonedException>(() => run);
        Assert.Empty(world.Logs);
        Assert.Empty(world.Ends);
        await world.AssertAllRoomIsFreeAsync(16);
    }

    [Fact]
    public async Task A_run_that_is_due_before_the_broker_has_taken_it_is_still_this_workers_to_give_up_and_not_to_stop()
    {
        var sending = new TaskCompletionSource();
        var taken = 0;
        // Its log is taken, its next leg is not.
        _world.Taking = () => Interlocked.Increment(ref taken) > 1 ? sending.Task : Task.CompletedTask;
        _world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        var delivery = _world.DeliverAsync(World.Command(retry: 1, retryWait: "1h", sentAt: World.Noon));
        await TestKit.Eventually.HoldsAsync("it is being parked", () => taken == 2);

        _world.Time.Advance(TimeSpan.FromHours(1));

        await TestKit.Eventually.HoldsAsync("a stop finds it gone", async () =>
            (await Assert.Single(_world.Repo.Items()).StopAsync()).Outcome == StopOutcome.MovedOn);
        Assert.Single(_world.Repo.Alive());
        sending.SetResult();
        await delivery;
        Assert.Equal(0, _world.Repo.Count);
        Assert.Empty(_world.Ends);
    }

    private sealed class StubLeases : ILeases
    {
        public RunClaims Held { get; } = new();

        public Func<RunnerKey, Task<RunClaim?>>? Claims { get; set; }

        public List<RunnerKey> Started { get; } = [];

        public Task Contact { get; set; } = Task.CompletedTask;

        public bool Twice { get; set; }

        public bool MayComeTwice(CommandDelivery delivery) => Twice;

        public async Task<(RunClaim? Claim, TimeSpan LookAgainIn)> ClaimAsync(CommandDelivery delivery, CancellationToken cancellationToken) =>
            (await (Claims?.Invoke(delivery.Key) ?? Task.FromResult(Held.TryAdd(delivery.Key))).WaitAsync(cancellationToken), TimeSpan.FromSeconds(10));

        public Task StartedAsync(CommandDelivery delivery, CancellationToken cancellationToken)
        {
            Started.Add(delivery.Key);
            return Task.CompletedTask;
        }

        public Task InContactAsync(CancellationToken cancellationToken) => Contact.WaitAsync(cancellationToken);
    }
}
