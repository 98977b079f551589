using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>Runs that end before they begin, or break, give back the room they were given.</summary>
public sealed class RoomTests : IAsyncDisposable
{
    private const int Room = 4;

    private readonly World _world = new(new WorkerOptions { ParkWaitsOver = TimeSpan.Zero, Slots = Room, MaxRunners = Room });

    [Theory]
    [InlineData(3599)]
    [InlineData(3600)]
    [InlineData(7200)]
    public async Task A_waiting_run_that_is_due_after_its_worker_was_disposed_ends_nothing(int seconds)
    {
        var world = new World(new WorkerOptions { ParkWaitsOver = TimeSpan.Zero, Slots = Room, MaxRunners = Room });
        await world.ParkAsync();

        await world.DisposeAsync();

        // What a timer's callback throws would end the process; here it comes out of the clock.
        world.Time.Advance(TimeSpan.FromSeconds(seconds));
    }

    [Fact]
    public async Task A_job_that_cannot_be_made_fails_with_one_log_and_counts_the_legs_before_it()
    {
        _world.Making = _ => throw new FormatException("bytes make no sense");

        await _world.DeliverAsync(World.Command(totalTries: 2), new RunLeg("l1", 2));

        var (log, end) = (Assert.Single(_world.Logs), Assert.Single(_world.Ends));
        Assert.Equal((3L, 0L, 0L, 1L, "problem creating job runner: bytes make no sense"), (log.Try, log.StartedAt, log.FinishedAt, log.Exit, log.Error));
        Assert.Equal((JobState.Fail, 2L, 3L, log.Error), (end.FinalState, end.Tries, end.TotalTries, end.Error));
        _world.Making = _ => { };
        await _world.AssertAllRoomIsFreeAsync(Room);
    }

    [Fact]
    public async Task A_waiting_job_that_cannot_be_made_any_more_gives_its_room_back()
    {
        var (next, leg) = await _world.ParkAsync();
        _world.Making = _ => throw new FormatException("bytes make no sense");

        await _world.DeliverAsync(next, leg);

        Assert.Equal((JobState.Fail, 1L), (_world.Ends.Single().FinalState, _world.Ends.Single().Tries));
        _world.Making = _ => { };
        await _world.AssertAllRoomIsFreeAsync(Room);
    }

    [Fact]
    public async Task A_run_that_broke_gives_its_room_back_and_its_command_is_not_acknowledged()
    {
        _world.Taking = () => throw new OperationCanceledException("the process ends");
        _world.Try = (_, _) => Task.FromResult(JobResult.Fail("no"));

        await Assert.ThrowsAnyAsync<Exception>(() => _world.DeliverAsync(World.Command(retry: 1)));

        _world.Taking = () => Task.CompletedTask;
        await _world.AssertAllRoomIsFreeAsync(Room);
    }

    [Fact]
    public async Task A_command_without_room_waits_for_it_and_can_be_taken_back()
    {
        var go = new TaskCompletionSource();
        _world.Try = (_, _) => go.Task.ContinueWith(_ => JobResult.Complete(), TaskScheduler.Default);
        var running = Enumerable.Range(0, Room).Select(number => _world.DeliverAsync(World.Command($"j{number}"))).ToList();
        using var lost = new CancellationTokenSource();

        var waiting = _world.DeliverAsync(World.Command("waits"), lost: lost.Token);
        Assert.Equal(Room, _world.Repo.Count);
        await lost.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        go.SetResult();
        await Task.WhenAll(running);
        await _world.AssertAllRoomIsFreeAsync(Room);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
