using JobRunner.Bus.Leases;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Tests.Runs;
using JobRunner.Bus.Tests.Stops;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Tests.Leases;

/// <summary>When a worker that is cut off gives its runs up. The lease is 10 s.</summary>
public sealed class LeaseGuardTests : IAsyncDisposable
{
    private readonly World _world = new();
    private readonly CancellationTokenSource _end = new();
    private readonly LookedAt _looks;
    private readonly LeaseGuard _guard;
    private readonly Task _watching;

    public LeaseGuardTests()
    {
        _looks = new LookedAt(_world.Time);
        _guard = new LeaseGuard(_world.Repo, Options.Create(new WorkerOptions()), _looks, NullLogger<LeaseGuard>.Instance);
        _watching = _guard.WatchAsync(_end.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _watching;
        _end.Dispose();
        await _world.DisposeAsync();
    }

    private async Task<(Task Delivery, LiveRun Run)> RunningAsync()
    {
        var delivery = await _world.StartAsync(World.Command(), async (_, stop) =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return JobResult.Complete();
        });
        return (delivery, Assert.IsType<LiveRun>(Assert.Single(_world.Repo.Items())));
    }

    /// <summary>Each second the guard looks once; it has looked when it waits for its next look.</summary>
    private async Task PassAsync(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            var looks = _looks.Waits;
            _world.Time.Advance(TimeSpan.FromSeconds(1));
            await Eventually.HoldsAsync("the guard has looked", () => _looks.Waits > looks);
        }
    }

    [Fact]
    public async Task In_contact_runs_go_on_for_ever()
    {
        var (_, run) = await RunningAsync();

        for (var second = 0; second < 60; second++)
        {
            await PassAsync(1);
            _guard.Contact(_guard.Now());
        }

        Assert.False(run.Runner.Abandoned.IsCancellationRequested);
        Assert.True(_guard.InContactAsync(CancellationToken.None).IsCompletedSuccessfully);
        run.Runner.Abandon();
    }

    [Fact]
    public async Task Contact_that_comes_anew_after_a_lease_keeps_no_run_even_if_the_guard_has_not_looked()
    {
        var (_, run) = await RunningAsync();
        _guard.Renew(_guard.Now());
        Assert.False(run.Runner.Abandoned.IsCancellationRequested);

        // As after a pause: this is before the guard looks.
        _world.Time.Advance(TimeSpan.FromSeconds(11));
        _guard.Renew(_guard.Now());

        Assert.True(run.Runner.Abandoned.IsCancellationRequested);
        Assert.True(_guard.IsOpen);
    }

    [Fact]
    public async Task Out_of_contact_for_a_lease_all_runs_are_abandoned_and_none_starts_until_contact_is_back()
    {
        var (delivery, run) = await RunningAsync();
        await PassAsync(9);
        Assert.False(run.Runner.Abandoned.IsCancellationRequested);

        await Eventually.HoldsAsync("it is abandoned", () =>
        {
            _world.Time.Advance(TimeSpan.FromSeconds(0.5));
            return run.Runner.Abandoned.IsCancellationRequested;
        });

        await Assert.ThrowsAsync<RunAbandonedException>(() => delivery);
        var contact = _guard.InContactAsync(CancellationToken.None);
        Assert.False(contact.IsCompleted);
        _guard.Contact(_guard.Now());
        await Eventually.HoldsAsync("runs may start", () =>
        {
            _world.Time.Advance(TimeSpan.FromMilliseconds(50));
            return contact.IsCompletedSuccessfully;
        });
    }

    [Fact]
    public async Task What_wakes_after_a_pause_longer_than_the_lease_is_held_before_anybody_has_looked()
    {
        await PassAsync(1);

        _world.Time.Advance(TimeSpan.FromMinutes(5));

        Assert.False(_guard.InContactAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task A_paused_worker_whose_connection_lasted_keeps_its_runs()
    {
        var (_, run) = await RunningAsync();
        await PassAsync(1);

        _world.Time.Advance(TimeSpan.FromMinutes(5));
        _guard.Contact(_guard.Now());
        await PassAsync(2);

        Assert.False(run.Runner.Abandoned.IsCancellationRequested);
        run.Runner.Abandon();
    }

    [Fact]
    public async Task A_paused_worker_whose_connection_did_not_last_gives_its_runs_up_as_it_connects_again()
    {
        var (_, run) = await RunningAsync();
        await PassAsync(1);

        _world.Time.Advance(TimeSpan.FromMinutes(5));
        _guard.AbandonIfOver();
        _guard.Contact(_guard.Now());

        Assert.True(run.Runner.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public async Task A_try_that_is_due_as_its_worker_wakes_waits_until_the_guard_has_woken_too()
    {
        await PassAsync(1);
        Assert.True(_guard.IsOpen);
        using var asleep = new CancellationTokenSource();

        // The clock goes on while nothing here runs: the guard's own look is still to come.
        var guard = new LeaseGuard(_world.Repo, Options.Create(new WorkerOptions()), _world.Time, NullLogger<LeaseGuard>.Instance);
        var watching = guard.WatchAsync(asleep.Token);
        await asleep.CancelAsync();
        await watching;
        _world.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.False(guard.IsOpen);
        var opens = guard.OpensAsync(CancellationToken.None);
        Assert.False(opens.IsCompleted);

        guard.AbandonIfOver();
        Assert.False(guard.IsOpen);

        guard.Contact(guard.Now());
        Assert.True(guard.IsOpen);
        _world.Time.Advance(TimeSpan.FromMilliseconds(50));
        await Eventually.HoldsAsync("the try may start", () => opens.IsCompletedSuccessfully);
    }

    [Theory]
    [InlineData(11)]
    [InlineData(3600)]
    [InlineData(-3600)]
    public async Task A_wall_clock_that_is_set_gives_no_run_up(int seconds)
    {
        var time = new SetClock();
        var guard = new LeaseGuard(_world.Repo, Options.Create(new WorkerOptions()), time, NullLogger<LeaseGuard>.Instance);
        using var end = new CancellationTokenSource();
        var watching = guard.WatchAsync(end.Token);
        var (_, run) = await RunningAsync();

        time.Wall += TimeSpan.FromSeconds(seconds);
        guard.AbandonIfOver();

        Assert.True(guard.IsOpen);
        Assert.False(run.Runner.Abandoned.IsCancellationRequested);
        await end.CancelAsync();
        await watching;
        run.Runner.Abandon();
    }

    [Fact]
    public async Task A_callback_of_a_job_that_throws_as_it_is_stopped_keeps_no_other_run_from_being_abandoned()
    {
        var started = 0;
        _world.Try = async (_, stop) =>
        {
            using var _1 = stop.Register(() => throw new InvalidOperationException("the job's own callback"));
            Interlocked.Increment(ref started);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
            return JobResult.Complete();
        };
        var deliveries = new[] { "a", "b", "c" }.Select(id => _world.DeliverAsync(World.Command(id))).ToList();
        await Eventually.HoldsAsync("all run", () => started == 3);
        var runs = _world.Repo.Alive().ToList();
        // Somebody waits for the record of each: its cancellation throws where it is asked for.
        runs.ForEach(run => run.Runner.Abandoned.Register(() => throw new InvalidOperationException("a callback")));

        await Eventually.HoldsAsync("all are abandoned, and the guard is alive", () =>
        {
            _world.Time.Advance(TimeSpan.FromSeconds(0.5));
            return runs.TrueForAll(run => run.Runner.Abandoned.IsCancellationRequested);
        });

        await Eventually.HoldsAsync("no delivery is left open", () => deliveries.TrueForAll(delivery => delivery.IsCompleted));
        Assert.False(_watching.IsFaulted);
    }

    [Fact]
    public void A_worker_that_runs_no_jobs_is_never_held_back()
    {
        var unwatched = new LeaseGuard(_world.Repo, Options.Create(new WorkerOptions()), _world.Time, NullLogger<LeaseGuard>.Instance);

        _world.Time.Advance(TimeSpan.FromDays(1));

        Assert.True(unwatched.InContactAsync(CancellationToken.None).IsCompletedSuccessfully);
    }

    /// <summary>Counts the waits that were begun on a clock.</summary>
    private sealed class LookedAt(TimeProvider time) : TimeProvider
    {
        private int _waits;

        public int Waits => Volatile.Read(ref _waits);

        public override long TimestampFrequency => time.TimestampFrequency;

        public override long GetTimestamp() => time.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => time.GetUtcNow();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = time.CreateTimer(callback, state, dueTime, period);
            Interlocked.Increment(ref _waits);
            return timer;
        }
    }
}
