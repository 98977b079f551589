using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;
using Microsoft.Extensions.Logging.Abstractions;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Many waits in one queue, with stops, hand-overs and new runs racing the clock: each wait ends once, and none is forgotten.</summary>
public sealed class WaitRaceTests
{
    /// <summary>Set it to a printed seed to see that failure's choices again; the scheduler still has its own.</summary>
    private const string SeedVariable = "JOBRUNNER_TEST_SEED";

    private static readonly JobResult Failed = JobResult.Fail("no");

    private readonly int _seed =
        int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next();

    public WaitRaceTests() => TestContext.Current.TestOutputHelper?.WriteLine($"{SeedVariable}={_seed}");

    [Fact]
    public async Task By_a_clock_moved_by_hand()
    {
        var time = new WatchedTime();
        var running = RaceAsync(time, waits: 2_000, longestWait: 50);
        while (!running.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        await running;
        // A timer is let go of just after its wait has ended.
        await Wait.Until(() => time.Timers == 0, "no timer is left");
    }

    [Fact]
    public Task By_the_clock_on_the_wall() => RaceAsync(TimeProvider.System, waits: 2_000, longestWait: 50);

    private async Task RaceAsync(TimeProvider time, int waits, int longestWait)
    {
        using var slots = new TrySlots(64);
        var runs = Enumerable.Range(0, waits).Select(id => Task.Run(() => new Race(slots, time, unchecked(_seed + id), longestWait).RunAsync())).ToList();

        var ends = await Task.WhenAll(runs).WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);

        Assert.Equal(0, slots.InUse);
        // The random moments must have met every case, or this proves less than it says.
        Assert.Superset(new HashSet<(RunEnd, JobState)> { (RunEnd.Finished, JobState.Fail), (RunEnd.Finished, JobState.Stopped), (RunEnd.HandedOver, JobState.Fail) }, ends.ToHashSet());
    }

    private sealed class Race(TrySlots slots, TimeProvider time, int seed, int longestWait) : IJob
    {
        private readonly Random _choices = new(seed);
        private int _tries;
        private int _running;
        private volatile bool _doubled;

        public async Task<(RunEnd, JobState)> RunAsync()
        {
            var retry = 1 + _choices.Next(4);
            var wait = TimeSpan.FromMilliseconds(1 + _choices.Next(longestWait));
            var command = new RunJob
            {
                RequestId = "abc",
                Job = new Job { Id = "j", Type = "t", Retry = retry, RetryWait = $"{wait.TotalMilliseconds:0}ms" },
            };
            var (ask, moment) = (_choices.Next(4), TimeSpan.FromMilliseconds(_choices.Next(2 * longestWait)));
            var runner = new RunnerFactory(new Rig.OneJob(this), new NoLogs(), slots, new RunnerOptions(), time, NullLogger<Runner>.Instance).Make(command);

            var began = time.GetTimestamp();
            var run = runner.RunAsync();
            Task<StopResult>? stop = null;
            if (ask > 0)
            {
                await Task.Delay(moment, time);
                stop = ask < 3 ? runner.StopAsync() : null;
                if (ask == 3)
                {
                    runner.HandOver();
                }
            }

            var end = await run;
            var took = time.GetElapsedTime(began);
            await runner.DisposeAsync();

            Check(!_doubled, "two tries of one job ran at once: its wait ended twice");
            Check(end.Tries == _tries || end is { FinalState: JobState.Stopped } || end.End == RunEnd.HandedOver, $"{_tries} tries ran of {end.Tries}");
            Check(end.FinalState == JobState.Stopped || end.End == RunEnd.HandedOver || end.Tries == 1 + retry, $"ended {end.FinalState} after {end.Tries} tries");
            // Every wait between two tries was waited out.
            Check(took >= wait * (_tries - 1), $"{_tries} tries, {wait} apart, in {took}");
            if (end.End == RunEnd.HandedOver)
            {
                Check(end.Wait >= TimeSpan.Zero && end.Wait <= wait, $"{end.Wait} left of {wait}");
            }

            if (stop is not null)
            {
                var answer = await stop;
                Check(answer.FinalState == end.FinalState, $"the answer {answer} to a run that ended {end.FinalState}");
            }

            return (end.End, end.FinalState);
        }

        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
        {
            _doubled |= Interlocked.Increment(ref _running) != 1;
            Interlocked.Increment(ref _tries);
            Interlocked.Decrement(ref _running);
            return Task.FromResult(Failed);
        }

        private void Check(bool holds, string otherwise) => Assert.True(holds, $"{SeedVariable}={seed}: {otherwise}");
    }

    private sealed class NoLogs : IJobLogSink
    {
        public Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
