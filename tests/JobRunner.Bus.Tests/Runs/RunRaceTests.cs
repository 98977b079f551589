using System.Collections.Concurrent;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>Runs that are started, parked, taken up and stopped all at once, many times over.</summary>
public sealed class RunRaceTests(ITestOutputHelper output)
{
    private const int Runs = 120;
    private const int Room = 150;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Every_run_ends_exactly_once_no_stop_is_lost_and_no_room_leaks()
    {
        for (var repetition = 0; repetition < 25; repetition++)
        {
            var seed = Random.Shared.Next();
            output.WriteLine($"repetition {repetition}: seed {seed}");
            await RaceAsync(seed);
        }
    }

    private static async Task RaceAsync(int seed)
    {
        var random = new LockedRandom(seed);
        await using var world = new World(new WorkerOptions { ParkWaitsOver = TimeSpan.Zero, Slots = Room, MaxRunners = Room });
        var deliveries = new ConcurrentBag<Task>();
        world.Taking = random.YieldAsync;
        world.Making = _ => Thread.SpinWait(random.Next(200));
        world.Try = async (context, stop) =>
        {
            await random.YieldAsync();
            // Jobs named "endless" end only by their stop.
            return !IsEndless(context.Job.Id) && random.Next(3) == 0
                ? JobResult.Complete()
                : JobResult.Fail("again");
        };
        world.Relay = (next, leg, _) => deliveries.Add(Task.Run(async () =>
        {
            await random.YieldAsync();
            await world.DeliverAsync(next, leg);
        }));

        using var done = new CancellationTokenSource();
        var clock = ClockAsync(world, random, done.Token);
        var jobs = Enumerable.Range(0, Runs).Select(number => (number % 2 == 0 ? "endless" : "ends") + number).ToList();
        var commands = jobs.Select(job => Task.Run(async () =>
        {
            await random.YieldAsync();
            await world.DeliverAsync(World.Command(job, retry: 30_000, retryWait: $"{random.Next(1, 4)}s", sentAt: World.Noon));
        })).ToList();
        var stops = jobs.Select(job => Task.Run(async () =>
        {
            for (var yields = random.Next(60); yields > 0; yields--)
            {
                await random.YieldAsync();
            }

            await world.StopAsync(job, asker: job);
        })).ToList();

        await Task.WhenAll([.. commands, .. stops]).WaitAsync(Deadline);
        await TestKit.Eventually.HoldsAsync($"every run ends (seed {seed})", () => world.Ends.Count >= Runs && world.Repo.Count == 0, Deadline);
        while (deliveries.TryTake(out var delivery))
        {
            await delivery.WaitAsync(Deadline);
        }

        // Answers follow the ends they tell of.
        await TestKit.Eventually.HoldsAsync(
            $"every stop of a run without an end of its own is answered (seed {seed})",
            () => jobs.Where(IsEndless).All(job => world.Replies.Any(reply => reply.To.Queue == job)),
            Deadline);
        await done.CancelAsync();
        await clock;
        AssertInOrder(world, jobs);
        world.Taking = () => Task.CompletedTask;
        await world.AssertAllRoomIsFreeAsync(Room);
    }

    private static void AssertInOrder(World world, List<string> jobs)
    {
        Assert.Equal(jobs.Order(StringComparer.Ordinal), world.Ends.Select(end => end.JobId).Order(StringComparer.Ordinal));
        foreach (var end in world.Ends)
        {
            var logs = world.Logs.Where(log => log.JobId == end.JobId).Select(log => log.Try).ToList();
            Assert.Equal(Enumerable.Range(1, logs.Count).Select(number => (long)number), logs);
            Assert.Equal(logs.Count, end.TotalTries);
            Assert.True(end.FinalState is JobState.Stopped || (end.FinalState is JobState.Complete && !IsEndless(end.JobId)));
            // A try that ran and was stopped has a log; one that never started is counted all the same.
            Assert.InRange(end.Tries - end.TotalTries, 0, end.FinalState == JobState.Stopped ? 1 : 0);
        }

        Assert.All(world.Replies.GroupBy(reply => reply.To.Queue), answers => Assert.Single(answers));
    }

    private static bool IsEndless(string job) => job.StartsWith("endless", StringComparison.Ordinal);

    /// <summary>Lets waiting runs come due, on the worker that parked them, at any moment.</summary>
    private static async Task ClockAsync(World world, LockedRandom random, CancellationToken done)
    {
        while (!done.IsCancellationRequested)
        {
            world.Time.Advance(TimeSpan.FromMilliseconds(random.Next(100)));
            await Task.Yield();
        }
    }

    private sealed class LockedRandom(int seed)
    {
        private readonly Random _random = new(seed);

        public int Next(int below) => Next(0, below);

        public int Next(int from, int below)
        {
            lock (_random)
            {
                return _random.Next(from, below);
            }
        }

        /// <summary>Lets others go first, a random number of times.</summary>
        public async Task YieldAsync()
        {
            for (var yields = Next(6); yields > 0; yields--)
            {
                await Task.Yield();
            }
        }
    }
}
