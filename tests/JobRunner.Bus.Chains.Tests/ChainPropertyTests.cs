using CsCheck;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

/// <summary>Random chains, random ends, in random order, with repetitions and stops, beside a plain model. A failure prints its seed.</summary>
public sealed class ChainPropertyTests
{
    [Fact]
    public void Every_event_leads_where_the_plain_model_says() =>
        Gen.Select(Dag.Any, Gen.Int, Gen.Int[0, 60], Gen.Int[0, 10]).Sample((dag, seed, failures, stops) =>
            new Play(dag, new Random(seed)) { FailurePercent = failures, StopPercent = stops }.ToTheEnd(), iter: 5000);

    [Fact]
    public void All_jobs_run_once_when_all_succeed() => Gen.Select(Dag.Any, Gen.Int).Sample((dag, seed) =>
    {
        var play = new Play(dag, new Random(seed));
        play.ToTheEnd();

        Assert.Equal((JobState.Complete, dag.Size), (play.Chain.State, play.Chain.FinishedJobs));
        Assert.Equal(dag.Ids.Order(), play.Runs.Order());
    }, iter: 1000);

    [Fact]
    public void A_sequence_is_tried_no_more_often_than_it_may_be() => Gen.Select(Dag.Any, Gen.Int, Gen.Int[20, 100]).Sample((dag, seed, failures) =>
    {
        var play = new Play(dag, new Random(seed)) { FailurePercent = failures };
        play.ToTheEnd();

        foreach (var id in dag.Ids)
        {
            var mostTries = dag.Ids.Where(start => dag.IsBehind(id, start)).Aggregate(1L, (product, start) => product * (1 + dag.Retries(start)));
            Assert.InRange(play.Runs.Count(run => run == id), 0, mostTries);
        }
    }, iter: 1000);

    [Fact]
    public void A_jobs_data_reaches_every_job_behind_it() => Gen.Select(Dag.Any, Gen.Int).Sample((dag, seed) =>
    {
        var play = new Play(dag, new Random(seed));
        play.ToTheEnd();

        foreach (var id in dag.Ids)
        {
            Assert.Equal(dag.Ids.Where(other => dag.IsBehind(id, other)).Order(), play.Chain.Find(id)!.Data.Select(pair => pair.Key).Order());
        }
    }, iter: 1000);

    [Fact]
    public void A_suspended_chain_goes_on_at_every_count_it_was_at() => Gen.Select(Dag.Any, Gen.Int, Gen.Int[0, 30], Gen.Int[0, 20]).Sample((dag, seed, failures, events) =>
    {
        var random = new Random(seed);
        var before = new Play(dag, random) { FailurePercent = failures };
        before.Begin();
        for (var i = 0; i < events && !before.Chain.IsEnded; i++)
        {
            before.OneEvent();
        }

        if (before.Chain.IsEnded || before.Chain.Jobs.Any(job => job.Failed || job.State == JobState.Stopped))
        {
            return;
        }

        var resumed = ChainRules.Start(Suspension.GoOn(before.Chain), TestChain.Noon).State;

        foreach (var (was, now) in before.Chain.Jobs.Zip(resumed.Jobs))
        {
            // A sequence that waited for its next try has not begun it: it is counted as it is launched, as before.
            Assert.Equal((was.State, was.PrevTries, was.SequenceTries), (now.State, now.PrevTries, now.SequenceTries));
            Assert.Equal(was.TotalTries + (was is { State: JobState.Running, IsWaiting: false } ? 1 : 0), now.TotalTries);
        }
    }, iter: 3000);
}
