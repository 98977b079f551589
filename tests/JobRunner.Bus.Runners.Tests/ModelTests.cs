using CsCheck;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>The runner against a model of the seed's loop that fits on a page.</summary>
public sealed class ModelTests
{
    private enum Ask
    {
        Nothing,
        Stop,
        HandOver,
        Cut,
    }

    /// <summary>What the job does in one try, and what is asked of its runner meanwhile.</summary>
    private sealed record Step(JobState State, bool Throws, Ask Ask);

    private sealed record Case(long Retry, long PrevTries, long TotalTries, bool Parks, bool StopsFirst, Step[] Script);

    private sealed record Outcome(RunEnd End, JobState Final, long Tries, TryCounters Next);

    private static readonly Gen<Step> GenStep =
        from state in Gen.Frequency(
            (6, Gen.Const(JobState.Fail)),
            (1, Gen.Const(JobState.Complete)),
            (1, Gen.Const(JobState.Stopped)),
            (2, Gen.Byte.Select(state => (JobState)state)))
        from throws in Gen.Frequency((4, Gen.Const(false)), (1, Gen.Const(true)))
        from ask in Gen.Frequency((12, Gen.Const(Ask.Nothing)), (1, Gen.Const(Ask.Stop)), (1, Gen.Const(Ask.HandOver)), (1, Gen.Const(Ask.Cut)))
        select new Step(state, throws, ask);

    private static readonly Gen<Case> GenCase =
        from retry in Gen.Long[0, 5]
        from prevTries in Gen.Long[0, 1 + retry]
        from totalTries in Gen.Long[0, 20]
        from parks in Gen.Frequency((3, Gen.Const(false)), (1, Gen.Const(true)))
        from stopsFirst in Gen.Frequency((9, Gen.Const(false)), (1, Gen.Const(true)))
        from script in GenStep.Array[6]
        select new Case(retry, prevTries, totalTries, parks, stopsFirst, script);

    [Fact]
    public Task A_run_does_what_the_model_of_the_seeds_loop_does() => GenCase.SampleAsync(Agrees, iter: 3000);

    private static async Task Agrees(Case @case)
    {
        using var rig = new Rig { Options = new() { ParkWaitsOver = @case.Parks ? TimeSpan.Zero : TimeSpan.MaxValue } };
        var command = Rig.Command(
            @case.Retry, wait: @case.Parks ? "1s" : null, prevTries: @case.PrevTries, totalTries: @case.TotalTries);
        Runner? runner = null;
        Task<StopResult>? stop = null;
        var next = 0;
        var job = new FakeJob((_, _) =>
        {
            var step = @case.Script[next++];
            switch (step.Ask)
            {
                case Ask.Stop:
                    stop = runner!.StopAsync();
                    break;
                case Ask.HandOver:
                    runner!.HandOver();
                    break;
                case Ask.Cut:
                    runner!.CutTry();
                    break;
                default:
                    break;
            }

            return step.Throws ? throw new InvalidOperationException("thrown") : Task.FromResult(FakeJob.In(step.State));
        });
        runner = rig.Make(job, command);
        if (@case.StopsFirst)
        {
            stop = runner.StopAsync();
        }

        var ret = await runner.RunAsync().InTime();

        var (expected, logs) = Model(@case);
        Assert.Equal(expected, new Outcome(ret.End, ret.FinalState, ret.Tries, ret.Next));
        Assert.Equal(logs, rig.Logs.Accepted.Select(log => (log.Try, log.State)));
        Assert.Equal(0, rig.Slots.InUse);
        if (stop is not null)
        {
            Assert.Equal(expected.Final, (await stop.InTime()).FinalState);
        }
    }

    private static (Outcome Outcome, List<(long Try, JobState State)> Logs) Model(Case @case)
    {
        List<(long, JobState)> logs = [];
        var maxTries = 1 + @case.Retry;
        var (tries, tryNo, total) = (1L, 1 + @case.PrevTries, 1 + @case.TotalTries);
        if (@case.StopsFirst)
        {
            return Stopped(total - 1);
        }

        if (tryNo > maxTries)
        {
            logs.Add((total, JobState.Fail));
            return (new(RunEnd.Finished, JobState.Fail, 0, new(@case.PrevTries, total)), logs);
        }

        foreach (var (state, throws, ask) in @case.Script)
        {
            var ended = throws ? JobState.Fail : state;
            if (ended != JobState.Complete && ask is (Ask.Stop or Ask.Cut))
            {
                ended = JobState.Stopped;
            }

            logs.Add((total, ended));
            switch (ended)
            {
                case JobState.Complete:
                    return (new(RunEnd.Finished, ended, tries, new(tryNo, total)), logs);
                case JobState.Stopped when ask == Ask.Cut:
                    return (new(RunEnd.HandedOver, ended, tries, new(tryNo - 1, total)), logs);
                case JobState.Stopped:
                    return Stopped(total);
                default:
                    break;
            }

            if (tryNo == maxTries)
            {
                return (new(RunEnd.Finished, ended, tries, new(tryNo, total)), logs);
            }

            (tries, tryNo, total) = (tries + 1, tryNo + 1, total + 1);
            if (@case.Parks || ask == Ask.HandOver)
            {
                return (new(@case.Parks ? RunEnd.Parked : RunEnd.HandedOver, ended, tries, new(tryNo - 1, total - 1)), logs);
            }
        }

        throw new InvalidOperationException("the script is longer than any budget");

        (Outcome, List<(long, JobState)>) Stopped(long logged) =>
            (new(RunEnd.Finished, JobState.Stopped, tries, new(tryNo - 1, logged)), logs);
    }
}
