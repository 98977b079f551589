using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>What a delivered command means to a worker that may hold its job already.</summary>
public sealed class RunDispatcherTests : IAsyncDisposable
{
    private readonly World _world = new();
    private readonly TaskCompletionSource _go = new();
    private int _tries;

    [Fact]
    public async Task A_run_ends_with_one_log_per_try_and_one_JobFinished()
    {
        _world.Try = (context, _) => Task.FromResult(context.Try == 3 ? JobResult.Complete() : JobResult.Fail("again"));

        await _world.DeliverAsync(World.Command(retry: 5));

        var end = Assert.Single(_world.Ends);
        Assert.Equal((JobState.Complete, 3L, 3L, 3L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal([1L, 2L, 3L], _world.Logs.Select(log => log.Try));
    }

    [Fact]
    public async Task Legs_of_a_run_add_up_to_its_tries_and_hand_on_its_data()
    {
        _world.Try = (context, _) =>
        {
            context.JobData[$"try{context.Try}"] = true;
            return Task.FromResult(context.Try == 3 ? JobResult.Complete() : JobResult.Fail("again"));
        };
        var command = World.Command(retry: 5, retryWait: "90s") with { JobData = new JsonObject { ["before"] = 1 } };

        await _world.DeliverAsync(command);
        while (_world.Ends.IsEmpty)
        {
            Assert.True(_world.SentOn.TryDequeue(out var sent));
            Assert.Equal(TimeSpan.FromSeconds(90), sent.Wait);
            await _world.DeliverAsync(sent.Next, sent.Leg);
        }

        var end = Assert.Single(_world.Ends);
        Assert.Equal((JobState.Complete, 3L, 3L, 3L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal("""{"before":1,"try1":true,"try2":true,"try3":true}""", end.JobData.ToJsonString());
        Assert.Equal(0, _world.Repo.Count);
    }

    [Fact]
    public async Task A_leg_carries_when_its_command_was_sent_even_where_only_a_timestamp_said_so()
    {
        _world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));

        await _world.Get<RunDispatcher>().RunAsync(
            new CommandDelivery(World.Command(retry: 1, retryWait: "1h"), World.Noon, RunLeg.First, null), CancellationToken.None);

        Assert.Equal(World.Noon, Assert.Single(_world.SentOn).Next.SentAt);
    }

    [Fact]
    public async Task A_delivery_of_the_same_leg_joins_the_run_that_lives_here()
    {
        var first = await StartAsync(World.Command(sentAt: World.Noon));

        var second = _world.DeliverAsync(World.Command(sentAt: World.Noon));
        Assert.False(second.IsCompleted);
        _go.SetResult();
        await Task.WhenAll(first, second);

        Assert.Single(_world.Ends);
        Assert.Equal(1, _tries);
    }

    [Fact]
    public async Task A_lost_delivery_is_let_go_of_and_its_run_goes_on()
    {
        using var lost = new CancellationTokenSource();
        var delivery = await StartAsync(World.Command(), lost.Token);

        await lost.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => delivery);
        Assert.Empty(_world.Ends);
        _go.SetResult();

        await Eventually.HoldsAsync("the run ends", () => _world.Repo.Count == 0);
        Assert.Equal(JobState.Complete, Assert.Single(_world.Ends).FinalState);
    }

    [Fact]
    public async Task Another_command_of_a_job_that_runs_is_refused_once_it_is_clear_that_it_runs_on()
    {
        var run = await StartAsync(World.Command());

        var other = _world.DeliverAsync(World.Command(totalTries: 4));
        Assert.False(other.IsCompleted);
        _world.Time.Advance(TimeSpan.FromSeconds(2));
        var refused = await Assert.ThrowsAsync<RefusedException>(() => other);

        Assert.Equal("job j of request r runs here already, from totalTries 0; this command has totalTries 4", refused.Message);
        Assert.False(refused.TellScheduler);
        _go.SetResult();
        await run;
    }

    [Fact]
    public async Task A_resume_that_overtakes_the_stop_before_it_waits_for_the_stopped_run()
    {
        var run = await StartAsync(World.Command(sentAt: World.Noon));

        var resume = _world.DeliverAsync(World.Command(sentAt: World.Noon.AddSeconds(1), totalTries: 1));
        await _world.StopAsync(sentAt: World.Noon);
        _go.SetResult();
        await Task.WhenAll(run, resume);

        // The first completes though it was told to stop: its own outcome stands.
        Assert.Equal([(JobState.Complete, 1L), (JobState.Complete, 2L)], _world.Ends.Select(end => (end.FinalState, end.TotalTries)));
    }

    [Fact]
    public async Task A_resume_with_the_counters_of_the_run_it_follows_does_not_join_its_end()
    {
        var publishing = new TaskCompletionSource();
        var published = new TaskCompletionSource();
        _world.Taking = () =>
        {
            publishing.TrySetResult();
            return published.Task;
        };
        // Stopped as it is held and before its try: every slot is taken.
        var slots = _world.Get<Runners.TrySlots>();
        for (var slot = 0; slot < slots.Count; slot++)
        {
            await slots.TakeAsync(CancellationToken.None);
        }

        var run = _world.DeliverAsync(World.Command(sentAt: World.Noon));
        await _world.StopAsync(sentAt: World.Noon);
        await publishing.Task;
        for (var slot = 0; slot < slots.Count; slot++)
        {
            slots.Release();
        }

        var resume = _world.DeliverAsync(World.Command(sentAt: World.Noon.AddSeconds(1)));
        published.SetResult();
        await Task.WhenAll(run, resume);

        Assert.Equal([JobState.Stopped, JobState.Complete], _world.Ends.Select(end => end.FinalState));
    }

    [Fact]
    public async Task A_run_that_is_not_due_yet_waits_again_for_what_is_left()
    {
        var leg = new RunLeg("l1", 1) { WaitLeft = TimeSpan.FromMinutes(10) };

        await _world.DeliverAsync(World.Command(), leg, World.Noon.AddMinutes(9));

        var sent = Assert.Single(_world.SentOn);
        Assert.Equal((leg, TimeSpan.FromMinutes(10)), (sent.Leg, sent.Wait));
        Assert.Empty(_world.Logs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    [InlineData(24 * 365)]
    public async Task A_run_whose_wait_is_over_by_the_broker_starts_whatever_the_clock_of_its_sender_said(int hours)
    {
        await _world.DeliverAsync(World.Command(retry: 1, retryWait: "30s"), new RunLeg("l1", 1) { WaitLeft = TimeSpan.Zero }, World.Noon.AddHours(hours));

        Assert.Single(_world.Ends);
    }

    [Theory]
    [InlineData(10, 10)]
    [InlineData(30, 30)]
    [InlineData(3600, 30)]
    [InlineData(1_000_000_000, 30)]
    public async Task A_leg_of_the_version_before_waits_for_what_its_sender_says_and_never_longer_than_between_two_tries(int seconds, int waits)
    {
        await _world.DeliverAsync(World.Command(retry: 1, retryWait: "30s"), new RunLeg("l1", 1), World.Noon.AddSeconds(seconds));

        Assert.Equal(TimeSpan.FromSeconds(waits), Assert.Single(_world.SentOn).Wait);
    }

    [Fact]
    public async Task A_leg_whose_waits_grow_waits_for_as_long_as_its_next_one()
    {
        var command = World.Command(retry: 9, retryWait: "30s");
        command = command with { PrevTries = 3, TotalTries = 3, Job = command.Job with { RetryBackoff = 2 } };
        await _world.DeliverAsync(command, new RunLeg("l1", 1), World.Noon.AddHours(1));

        Assert.Equal(TimeSpan.FromSeconds(120), Assert.Single(_world.SentOn).Wait);
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("2026-07-01T13:00:00Z")]
    public async Task A_command_that_states_an_odd_time_goes_on_with_the_time_at_which_it_was_seen_and_then_runs(string sentAt)
    {
        var command = World.Command(sentAt: DateTimeOffset.Parse(sentAt, System.Globalization.CultureInfo.InvariantCulture));

        await _world.DeliverAsync(command);

        Assert.Empty(_world.Logs);
        var (next, leg, wait) = Assert.Single(_world.SentOn);
        Assert.Equal((World.Noon, TimeSpan.Zero, command.SentAt), (leg.SeenAt, wait, next.SentAt));
        await _world.DeliverAsync(next, leg);
        Assert.Single(_world.Ends);
        Assert.Single(_world.SentOn);
    }

    [Theory]
    [InlineData("2026-07-01T12:00:30Z")]
    [InlineData("2026-07-01T11:00:00Z")]
    [InlineData("2026-06-25T12:00:00Z")]
    public async Task A_command_that_states_a_time_it_can_have_been_sent_at_runs_at_once(string sentAt)
    {
        await _world.DeliverAsync(World.Command(sentAt: DateTimeOffset.Parse(sentAt, System.Globalization.CultureInfo.InvariantCulture)));

        Assert.Single(_world.Ends);
        Assert.Empty(_world.SentOn);
    }

    [Theory]
    [InlineData(500)]
    [InlineData(0)]
    [InlineData(-1000)]
    public async Task A_run_due_within_half_a_second_starts(int milliseconds)
    {
        await _world.DeliverAsync(World.Command(), new RunLeg("l1", 1), World.Noon.AddMilliseconds(milliseconds));

        Assert.Equal(2, Assert.Single(_world.Ends).Tries);
    }

    [Fact]
    public async Task The_command_of_an_earlier_leg_is_let_go_while_the_run_waits_here()
    {
        await _world.ParkAsync();

        await _world.DeliverAsync(World.Command(retry: 3, retryWait: "1h", sentAt: World.Noon));

        Assert.Single(_world.Logs);
        Assert.Empty(_world.Ends);
        Assert.Equal(1, _world.Repo.Count);
    }

    [Fact]
    public async Task Another_command_of_a_job_that_waits_here_is_refused()
    {
        await _world.ParkAsync();

        var delivery = _world.DeliverAsync(World.Command(totalTries: 1));
        Assert.False(delivery.IsCompleted);
        _world.Time.Advance(TimeSpan.FromSeconds(2));

        var refused = await Assert.ThrowsAsync<RefusedException>(() => delivery);

        Assert.Equal("job j of request r waits here for its next try, from totalTries 1; this command has totalTries 1", refused.Message);
    }

    [Fact]
    public async Task A_resume_waits_until_the_stop_of_the_run_that_waited_here_is_safe()
    {
        await _world.ParkAsync();
        var safe = new TaskCompletionSource();
        _world.Taking = () => safe.Task;
        await _world.StopAsync();
        _world.Try = (_, _) => Task.FromResult(JobResult.Complete());

        var resume = _world.DeliverAsync(World.Command(sentAt: World.Noon.AddSeconds(1), totalTries: 1));
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.False(resume.IsCompleted);
        safe.SetResult();
        await resume.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Assert.Equal([JobState.Stopped, JobState.Complete], _world.Ends.Select(end => end.FinalState));
        Assert.Equal([1L, 2L], _world.Logs.Select(log => log.Try));
    }

    [Fact]
    public async Task A_command_that_comes_as_a_run_that_waited_here_is_let_go_of_starts()
    {
        await _world.ParkAsync();
        _world.Try = (_, _) => Task.FromResult(JobResult.Complete());
        _world.Time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(2));

        var goesOn = _world.DeliverAsync(World.Command(sentAt: World.Noon, totalTries: 2), new RunLeg("elsewhere", 2));
        Assert.False(goesOn.IsCompleted);
        _world.Time.Advance(TimeSpan.FromSeconds(1));
        await goesOn.WaitAsync(TimeSpan.FromSeconds(30), TimeProvider.System);

        Assert.Equal((JobState.Complete, 3L), (Assert.Single(_world.Ends).FinalState, _world.Ends.Single().Tries));
    }

    [Fact]
    public async Task A_run_that_is_not_due_yet_is_stopped_by_a_stop_that_was_noted_and_not_sent_to_wait_again()
    {
        await using var world = new World();
        await world.StopAsync(sentAt: World.Noon);

        await world.DeliverAsync(World.Command(retry: 3, sentAt: World.Noon, totalTries: 1), new RunLeg("leg", 1) { WaitLeft = TimeSpan.FromDays(3) });

        Assert.Empty(world.SentOn);
        Assert.Equal(JobState.Stopped, Assert.Single(world.Ends).FinalState);
    }

    [Fact]
    public async Task A_waiting_run_is_shown_asleep_until_shortly_before_it_is_due()
    {
        _world.Try = (context, _) =>
        {
            context.ReportStatus("halfway");
            return Task.FromResult(JobResult.Fail("again"));
        };
        await _world.DeliverAsync(World.Command(retry: 3, retryWait: "1h"));

        var status = Assert.Single(_world.Repo.Items()).Status();
        Assert.Equal((true, "(retry sleep) halfway", 2L, JobState.Running), (status.Sleeping, status.Status, status.Try, status.State));

        _world.Time.Advance(TimeSpan.FromHours(1) - TimeSpan.FromSeconds(1.1));
        Assert.Equal(1, _world.Repo.Count);
        _world.Time.Advance(TimeSpan.FromSeconds(0.1));
        Assert.Equal(0, _world.Repo.Count);
    }

    [Fact]
    public async Task A_run_that_goes_on_after_a_wait_shows_the_time_of_the_whole_run()
    {
        var (next, leg) = await _world.ParkAsync();
        _world.Time.Advance(TimeSpan.FromHours(1));
        var started = new TaskCompletionSource();
        _world.Try = async (_, _) =>
        {
            started.SetResult();
            await _go.Task;
            return JobResult.Complete();
        };
        var run = _world.DeliverAsync(next, leg);
        await started.Task;

        Assert.Equal(UnixNanoseconds.From(World.Noon), Assert.Single(_world.Repo.Items()).Status().StartedAt);
        _go.SetResult();
        await run;
    }

    [Fact]
    public async Task A_run_that_the_broker_takes_nothing_of_goes_back_when_its_process_ends_and_is_no_error_of_the_worker()
    {
        var asked = new TaskCompletionSource();
        _world.Taking = () =>
        {
            asked.TrySetResult();
            return new TaskCompletionSource().Task;
        };
        var run = _world.DeliverAsync(World.Command());
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);

        _world.Get<DrainSignal>().Begin();
        await _world.Stopped.CancelAsync();

        Assert.Null((await Assert.ThrowsAsync<RunAbandonedException>(() => run.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System))).InnerException);
        Assert.Contains(_world.LogLines, line => line.Id.Id == 1127);
        Assert.DoesNotContain(_world.LogLines, line => line.Level > LogLevel.Warning);
    }

    private Task<Task> StartAsync(RunJob command, CancellationToken lost = default) => _world.StartAsync(
        command,
        async (_, _) =>
        {
            Interlocked.Increment(ref _tries);
            await _go.Task;
            return JobResult.Complete();
        },
        lost);

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
