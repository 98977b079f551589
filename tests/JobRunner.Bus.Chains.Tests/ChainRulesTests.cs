using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

public sealed class ChainRulesTests
{
    [Fact]
    public void Independent_jobs_start_at_once_and_a_job_after_all_it_follows()
    {
        var chain = TestChain.Of("a b c d; a>c b>c c>d");

        Assert.Equal("a b", chain.Start().Ids());
        Assert.Empty(chain.End("b"));
        Assert.Equal("c", chain.End("a").Ids());
        Assert.Equal("d", chain.End("c").Ids());
        Assert.Equal(JobState.Running, chain.State.State);
        Assert.Empty(chain.End("d"));
        Assert.True(chain.State.IsEnded);
        Assert.Equal(JobState.Complete, chain.State.State);
    }

    [Theory]
    [InlineData(JobState.Fail, JobState.Fail, JobState.Fail)]
    [InlineData(JobState.Unknown, JobState.Unknown, JobState.Fail)]
    [InlineData(JobState.Stopped, JobState.Stopped, JobState.Stopped)]
    [InlineData(JobState.Pending, JobState.Fail, JobState.Fail)]
    [InlineData(JobState.Running, JobState.Fail, JobState.Fail)]
    [InlineData((JobState)42, JobState.Fail, JobState.Fail)]
    public void What_follows_a_job_that_is_not_complete_is_not_run(JobState reported, JobState state, JobState ofTheChain)
    {
        var chain = TestChain.Of("a b x; a>b");
        chain.Start();
        chain.End("x");

        Assert.Empty(chain.End("a", reported));

        Assert.True(chain.State.IsEnded);
        Assert.Equal(state, chain["a"].State);
        Assert.Equal(JobState.Pending, chain["b"].State);
        Assert.Equal(ofTheChain, chain.State.State);
    }

    [Fact]
    public void A_failed_branch_leaves_the_others_running()
    {
        var chain = TestChain.Of("a b c; a>b b>c");
        chain.Start();
        chain.End("a");
        chain.End("b", JobState.Fail);

        Assert.Equal(JobState.Fail, chain.State.State);
        Assert.Equal(JobState.Pending, chain["c"].State);
    }

    [Fact]
    public void Data_goes_to_every_child_and_the_last_parent_wins()
    {
        var chain = TestChain.Of("a b c; a>c b>c", job => job.Id == "c" ? job with { Data = new() { ["own"] = 1 } } : job);
        chain.Start();
        chain.End("b", write: data => (data["both"], data["b"]) = ("b", null));

        var launch = Assert.Single(chain.End("a", write: data => (data["both"], data["a"]) = ("a", new System.Text.Json.Nodes.JsonArray(1, 2))));

        Assert.Equal("""{"own":1,"both":"a","b":null,"a":[1,2]}""", launch.Command.JobData.ToJsonString());
    }

    [Fact]
    public void Data_is_not_shared_between_siblings()
    {
        var chain = TestChain.Of("a b c; a>b a>c");
        chain.Start();
        var launches = chain.End("a", write: data => data["k"] = "v");

        launches[0].Command.JobData["k"] = "changed";
        chain.End("b", write: data => data["more"] = true);

        Assert.Equal("""{"k":"v"}""", launches[1].Command.JobData.ToJsonString());
        Assert.Equal("""{"k":"v"}""", chain["c"].Data.ToJsonString());
    }

    [Fact]
    public void Counters_of_the_file_and_the_store_are_sent()
    {
        var command = new RunJob { RequestId = "req", Job = new Job { Id = "a", Type = "t", Retry = 3 }, PrevTries = 2, TotalTries = 5, Timeout = "9s" };

        var fromFile = Assert.Single(OfOne(command).Start()).Command;
        var fromStore = Assert.Single(OfOne(command, 8).Start()).Command;
        var lowerStore = Assert.Single(OfOne(command, 1).Start()).Command;

        Assert.Equal((2, 5, "9s"), (fromFile.PrevTries, fromFile.TotalTries, fromFile.Timeout));
        Assert.Equal((2, 8), (fromStore.PrevTries, fromStore.TotalTries));
        Assert.Equal(5, lowerStore.TotalTries);
    }

    [Fact]
    public void A_job_complete_in_its_file_is_not_run_again()
    {
        var chain = TestChain.Of("a b c; a>b b>c", job => job.Id == "c" ? job with { State = JobState.Stopped } : job.Id == "a" ? job with { State = JobState.Complete } : job);

        Assert.Equal("b", chain.Start().Ids());
        Assert.Equal("c", chain.End("b").Ids());
        chain.End("c");
        Assert.Equal(JobState.Complete, chain.State.State);
    }

    [Fact]
    public void A_result_that_is_not_waited_for_is_ignored()
    {
        var chain = TestChain.Of("a b; a>b");
        chain.Start();
        var result = chain.Result("a", JobState.Complete);

        Assert.False(chain.TryFinish(result with { RequestId = "other" }, out _));
        Assert.False(chain.TryFinish(result with { JobId = "zzz" }, out _));
        Assert.Null(chain.State.Find("zzz"));
        Assert.False(chain.TryFinish(result with { JobId = "b" }, out _));
        Assert.True(chain.TryFinish(result, out _));
        Assert.False(chain.TryFinish(result, out var again));
        Assert.Empty(again);
    }

    [Fact]
    public void A_repeated_result_of_an_earlier_sequence_try_is_ignored()
    {
        var chain = TestChain.Of("a", job => job with { SequenceRetry = 1 });
        chain.Start();
        var first = chain.Result("a", JobState.Fail);
        Assert.True(chain.TryFinish(first, out var retry));
        Assert.Equal("a", retry.Ids());

        Assert.False(chain.TryFinish(first, out _));
        Assert.Equal(JobState.Running, chain["a"].State);
        chain.End("a");
        Assert.Equal(JobState.Complete, chain.State.State);
    }

    [Fact]
    public void A_refused_command_ends_its_job_whatever_its_counters()
    {
        var chain = OfOne(new RunJob { RequestId = "req", Job = new Job { Id = "a", Type = "t" }, TotalTries = 5 });
        chain.Start();

        Assert.True(chain.TryFinish(new JobFinished { RequestId = "req", JobId = "a", FinalState = JobState.Fail, Error = "refused" }, out _));

        Assert.Equal((JobState.Fail, "refused", 5), (chain.State.State, chain["a"].Error, chain["a"].TotalTries));
    }

    [Fact]
    public void Nothing_starts_once_the_chain_is_stopped()
    {
        var chain = TestChain.Of("a b; a>b", job => job with { SequenceRetry = 5 });
        chain.Start();
        chain.Stop();

        Assert.Empty(chain.End("a"));
        Assert.True(chain.State.IsEnded);
        Assert.Equal(JobState.Stopped, chain.State.State);
    }

    [Fact]
    public void A_stopped_chain_in_which_a_job_failed_has_failed()
    {
        var chain = TestChain.Of("a b c; a>b", job => job with { SequenceRetry = 5 });
        chain.Start();
        chain.Stop();

        Assert.Empty(chain.End("a", JobState.Fail));
        Assert.Empty(chain.End("c", JobState.Stopped));
        Assert.Equal(JobState.Fail, chain.State.State);
    }

    [Fact]
    public void A_chain_of_ten_thousand_jobs_in_a_line_runs()
    {
        var ids = Enumerable.Range(0, 10_000).Select(i => $"j{i}").ToList();
        var next = ids.Zip(ids.Skip(1)).ToDictionary(pair => pair.First, pair => (IReadOnlyList<string>)[pair.Second]);
        var chain = new TestChain(ChainState.New(TestChain.Plan(ids, next, job => job with { SequenceId = "j0" })));

        var running = chain.Start();
        while (running.Count > 0)
        {
            running = chain.End(running[0].Command.Job.Id);
        }

        Assert.Equal(JobState.Complete, chain.State.State);
    }

    [Fact]
    public void A_fan_out_of_a_thousand_ends_when_the_last_has()
    {
        var ids = Enumerable.Range(0, 1_000).Select(i => $"j{i}").ToList();
        var chain = new TestChain(ChainState.New(TestChain.Plan(
            ["first", .. ids, "last"],
            ids.ToDictionary(id => id, _ => (IReadOnlyList<string>)["last"]).Append(new("first", ids)).ToDictionary())));

        chain.Start();
        Assert.Equal(1_000, chain.End("first", write: data => data["k"] = "v").Count);
        Assert.All(ids.SkipLast(1), id => Assert.Empty(chain.End(id)));
        Assert.Equal("last", chain.End(ids[^1]).Ids());
        chain.End("last");
        Assert.Equal((JobState.Complete, 1_002), (chain.State.State, chain.State.FinishedJobs));
    }

    [Fact]
    public void A_chain_is_pending_until_it_starts_and_starts_once()
    {
        var chain = TestChain.Of("a b; a>b");
        Assert.Equal(JobState.Pending, chain.State.State);

        Assert.Equal("a", chain.Start().Ids());
        Assert.Empty(chain.Start());
        chain.End("a", JobState.Fail);
        Assert.Empty(chain.Start());
    }

    [Fact]
    public void A_chain_with_nothing_to_run_has_ended_once_it_starts()
    {
        var chain = TestChain.Of("a b; a>b", job => job with { State = JobState.Complete });

        Assert.Empty(chain.Start());

        Assert.Equal([new TellEnd()], chain.Effects);
        Assert.Equal((JobState.Complete, 2), (chain.State.State, chain.State.FinishedJobs));
    }

    [Fact]
    public void A_chain_stopped_before_it_starts_runs_nothing()
    {
        var chain = TestChain.Of("a");

        chain.Stop();
        Assert.Equal([new TellEnd()], chain.Effects);
        Assert.Empty(chain.Start());
        Assert.Equal((JobState.Stopped, TestChain.Noon), (chain.State.State, chain.State.EndedAt));
    }

    [Fact]
    public void A_stop_says_that_it_was_sent_after_every_command_and_is_told_once()
    {
        var chain = TestChain.Of("a b c; a>c b>c");
        chain.Start();
        chain.End("a");
        chain.Stop();

        var stop = Assert.IsType<StopJobs>(Assert.Single(chain.Effects));
        Assert.All(chain.State.Jobs, job => Assert.True(job.SentAt is null || job.SentAt < stop.SentAt));
        chain.Stop();
        Assert.Empty(chain.Effects);
    }

    [Fact]
    public void No_two_commands_say_the_same_time_even_if_the_clock_is_set_back()
    {
        var chain = TestChain.Of("a b c d; a>d");
        var sent = chain.Start().Select(launch => launch.Command.SentAt!.Value).ToList();
        chain.Time -= TimeSpan.FromHours(1);
        sent.AddRange(chain.End("a").Select(launch => launch.Command.SentAt!.Value));

        Assert.Equal(4, sent.Count);
        Assert.Equal(sent.Order().Distinct(), sent);
    }

    [Fact]
    public void An_end_that_names_an_earlier_command_is_of_an_earlier_run_whatever_its_counters()
    {
        var chain = TestChain.Of("a", job => job with { SequenceRetry = 1 });
        var first = Assert.Single(chain.Start()).Command;
        var refused = new JobFinished { RequestId = "req", JobId = "a", FinalState = JobState.Fail, Error = "refused" };
        Assert.True(chain.TryFinish(refused, out var again, first.SentAt));

        Assert.False(chain.TryFinish(refused, out _, first.SentAt));
        Assert.True(chain.TryFinish(refused with { FinalState = JobState.Complete }, out _, Assert.Single(again).Command.SentAt));
        Assert.Equal(JobState.Complete, chain.State.State);
    }

    private static TestChain OfOne(RunJob command, long? highestTry = null) => new(ChainState.New(
        new ChainPlan(command.RequestId, [command], new Dictionary<string, IReadOnlyList<string>>()),
        highestTry is { } highest ? new Dictionary<string, long> { [command.Job.Id] = highest } : null));
}
