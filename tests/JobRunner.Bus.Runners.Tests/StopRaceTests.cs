using System.Globalization;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>Stops, hand-overs and cuts at random moments: nothing is lost, doubled or answered wrongly.</summary>
public sealed class StopRaceTests
{
    private const int Repetitions = 20_000;
    private const int AtOnce = 4;

    /// <summary>Set it to a printed seed to see that failure's choices again; the scheduler still has its own.</summary>
    private const string SeedVariable = "JOBRUNNER_TEST_SEED";

    [Fact]
    public async Task Whenever_a_stop_or_hand_over_comes_logs_answers_and_slots_add_up()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable(SeedVariable), CultureInfo.InvariantCulture, out var given)
            ? given
            : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"{SeedVariable}={seed}");
        using var rig = new Rig { Slots = new(2) };
        HashSet<(StopOutcome?, RunEnd)> seen = [];

        for (var n = 0; n < Repetitions; n += AtOnce)
        {
            var races = Enumerable.Range(n, AtOnce).Select(id => Task.Run(() => new Race(rig, unchecked(seed + id)).RunAsync())).ToList();
            var all = Task.WhenAll(races);
            while (!all.IsCompleted)
            {
                // Retry waits of all four pass as they come.
                rig.Time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }

            seen.UnionWith(await all.InTime());
            Assert.True(rig.Slots.InUse == 0, $"{SeedVariable}={seed}: slots are lost after {n}");
        }

        // The random moments must have met every case, or this proves less than it says.
        Assert.Superset(
            new HashSet<(StopOutcome?, RunEnd)>
            {
                (null, RunEnd.Finished),
                (null, RunEnd.HandedOver),
                (StopOutcome.StoppedBeforeStart, RunEnd.Finished),
                (StopOutcome.StoppedWhileRunning, RunEnd.Finished),
                (StopOutcome.StoppedWhileWaiting, RunEnd.Finished),
                (StopOutcome.AlreadyFinished, RunEnd.Finished),
                (StopOutcome.MovedOn, RunEnd.HandedOver),
                (StopOutcome.MovedOn, RunEnd.Parked),
            },
            seen);
    }

    private sealed class Race(Rig rig, int seed) : IJob
    {
        private static readonly JobState[] States = [JobState.Fail, JobState.Fail, JobState.Fail, JobState.Unknown, JobState.Complete, JobState.Stopped];
        private readonly Random _choices = new(seed);
        private readonly LogSink _logs = new();
        private int _tries;
        private int _running;
        private int _stopsThisTry;
        private volatile bool _answered;
        private volatile string? _broken;

        public async Task<(StopOutcome?, RunEnd)> RunAsync()
        {
            var command = Rig.Command(
                retry: _choices.Next(4),
                wait: _choices.Next(2) == 0 ? null : "1s",
                totalTries: _choices.Next(100),
                id: seed.ToString(CultureInfo.InvariantCulture));
            command = command with { PrevTries = _choices.NextInt64(1 + command.Job.Retry) };
            var options = new RunnerOptions
            {
                // The clock is hurried along: no job may be given up by that.
                StopTimeout = TimeSpan.FromDays(40),
                ParkWaitsOver = _choices.Next(4) == 0 ? TimeSpan.FromMilliseconds(500) : TimeSpan.MaxValue,
            };
            _logs.Gate = _ => Pause(_choices.Next(4));
            var runner = new RunnerFactory(new Rig.OneJob(this), _logs, rig.Slots, options, rig.Time, rig.Logger).Make(command);
            var (stops, asks) = (_choices.Next(3), _choices.Next(4));
            var moments = Enumerable.Range(0, 4).Select(_ => _choices.Next(40)).ToList();

            var run = _choices.Next(8) == 0 ? DelayedRun(runner) : Task.Run(runner.RunAsync);
            var answers = Enumerable.Range(0, stops).Select(n => Task.Run(() => StopAt(runner, moments[n]))).ToList();
            var others = Task.WhenAll(
                Task.Run(() => At(moments[2], (asks & 1) != 0 ? runner.HandOver : Nothing)),
                Task.Run(() => At(moments[3], asks == 3 ? runner.CutTry : Nothing)));
            var ret = await run.InTime();
            await others.InTime();
            var answer = (await Task.WhenAll(answers).InTime()).Distinct().ToList();
            await runner.DisposeAsync();

            Check(command, ret, answer);
            return (answer.FirstOrDefault()?.Outcome, ret.End);
        }

        public async Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken)
        {
            var (pauses, state, heeds, throws) = Choose();
            Broken(_answered, "a try started after a stop was answered");
            Broken(Interlocked.Increment(ref _running) != 1, "two tries of one job ran at once");
            Interlocked.Increment(ref _tries);
            Volatile.Write(ref _stopsThisTry, 0);
            for (var pause = 0; pause < pauses; pause++)
            {
                await Task.Yield();
                if (heeds && stopToken.IsCancellationRequested)
                {
                    break;
                }
            }

            Interlocked.Decrement(ref _running);
            return throws ? throw new InvalidOperationException("thrown") : FakeJob.In(state);
        }

        public async Task StopAsync()
        {
            Broken(Interlocked.Increment(ref _stopsThisTry) > 1, "a try was told to stop twice");
            await Task.Yield();
        }

        private void Check(RunJob command, Return ret, List<StopResult> answers)
        {
            var logs = _logs.Accepted;
            Broken(!logs.Select(log => log.Try).SequenceEqual(Enumerable.Range(1, logs.Count).Select(n => command.TotalTries + n)), "log numbers");
            // A job told to stop in the instant before its code begins never begins; its try is logged all the same.
            Broken(_tries != logs.Count && (_tries != logs.Count - 1 || logs[^1].State != JobState.Stopped), "one log a try");
            Broken(ret.Next.TotalTries != command.TotalTries + logs.Count, "the next log's number");
            var usedUp = logs.Count(log => log.State != JobState.Stopped);
            Broken(ret.Next.PrevTries != command.PrevTries + usedUp, "the budget used up");
            Broken(logs.SkipLast(1).Any(log => log.State is JobState.Complete or JobState.Stopped), "a try after the last one");
            Broken(answers.Count > 1, "two answers to a stop");
            if (answers is [var answer])
            {
                var agree = answer.Outcome switch
                {
                    StopOutcome.MovedOn => ret.End != RunEnd.Finished,
                    StopOutcome.AlreadyFinished => ret.End == RunEnd.Finished && logs[^1].State == ret.FinalState,
                    StopOutcome.StoppedBeforeStart => ret is { End: RunEnd.Finished, FinalState: JobState.Stopped } && logs.Count == 0,
                    _ => ret is { End: RunEnd.Finished, FinalState: JobState.Stopped } && logs.Count > 0,
                };
                Broken(!agree || answer.FinalState != ret.FinalState, $"the answer {answer} to a run that ended {ret}");
            }

            Assert.True(_broken is null, $"{SeedVariable}={seed}: {_broken}");
        }

        private (int Pauses, JobState State, bool Heeds, bool Throws) Choose()
        {
            lock (_choices)
            {
                return (_choices.Next(12), States[_choices.Next(States.Length)], _choices.Next(2) == 0, _choices.Next(8) == 0);
            }
        }

        private static async Task<Return> DelayedRun(Runner runner)
        {
            await Pause(20);
            return await runner.RunAsync();
        }

        private async Task<StopResult> StopAt(Runner runner, int moment)
        {
            await Pause(moment);
            var answer = await runner.StopAsync();
            _answered = true;
            return answer;
        }

        private static async Task At(int moment, Action action)
        {
            await Pause(moment);
            action();
        }

        private static async Task Pause(int yields)
        {
            for (var n = 0; n < yields; n++)
            {
                await Task.Yield();
            }
        }

        private static void Nothing()
        {
        }

        private void Broken(bool broken, string what)
        {
            if (broken)
            {
                _broken ??= what;
            }
        }
    }
}
