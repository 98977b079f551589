using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Tests;

public sealed class ChainStateTests
{
    [Fact]
    public void Independent_jobs_start_at_once_and_a_job_after_all_it_follows()
    {
        var chain = Chains.Of("a b c d; a>c b>c c>d");

        Assert.Equal("a b", chain.Start().Ids());
        Assert.Empty(chain.End("b"));
        Assert.Equal("c", chain.End("a").Ids());
        Assert.Equal("d", chain.End("c").Ids());
        Assert.Equal(JobState.Running, chain.State);
        Assert.Empty(chain.End("d"));
        Assert.True(chain.IsDone);
        Assert.Equal(JobState.Complete, chain.State);
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
        var chain = Chains.Of("a b x; a>b");
        chain.Start();
        chain.End("x");

        Assert.Empty(chain.End("a", reported));

        Assert.True(chain.IsDone);
        Assert.Equal(state, chain.Find("a")!.State);
        Assert.Equal(JobState.Pending, chain.Find("b")!.State);
        Assert.Equal(ofTheChain, chain.State);
    }

    [Fact]
    public void A_failed_branch_leaves_the_others_running()
    {
        var chain = Chains.Of("a b c; a>b b>c");
        chain.Start();
        chain.End("a");
        chain.End("b", JobState.Fail);

        Assert.Equal(JobState.Fail, chain.State);
        Assert.Equal(JobState.Pending, chain.Find("c")!.State);
    }

    [Fact]
    public void Data_goes_to_every_child_and_the_last_parent_wins()
    {
        var chain = Chains.Of("a b c; a>c b>c", job => job.Id == "c" ? job with { Data = new() { ["own"] = 1 } } : job);
        chain.Start();
        chain.End("b", write: data => (data["both"], data["b"]) = ("b", 1));

        var launch = Assert.Single(chain.End("a", write: data => (data["both"], data["a"]) = ("a", new System.Text.Json.Nodes.JsonArray(1, 2))));

        Assert.Equal("""{"own":1,"both":"a","b":1,"a":[1,2]}""", launch.Command.JobData.ToJsonString());
    }

    [Fact]
    public void Data_is_not_shared_between_siblings()
    {
        var chain = Chains.Of("a b c; a>b a>c");
        chain.Start();
        var launches = chain.End("a", write: data => data["k"] = "v");

        launches[0].Command.JobData["k"] = "changed";
        chain.End("b", write: data => data["more"] = true);

        Assert.Equal("""{"k":"v"}""", launches[1].Command.JobData.ToJsonString());
        Assert.Equal("""{"k":"v"}""", chain.Find("c")!.Data.ToJsonString());
    }

    [Fact]
    public void Counters_of_the_file_and_the_store_are_sent()
    {
        var request = Chains.Parse("""{"requestId":"req","job":{"id":"a","type":"t","retry":3},"prevTries":2,"totalTries":5,"timeout":"9s"}""");

        var fromFile = Assert.Single(new ChainState(request).Start()).Command;
        var fromStore = Assert.Single(new ChainState(request, new Dictionary<string, long> { ["a"] = 8 }).Start()).Command;
        var lowerStore = Assert.Single(new ChainState(request, new Dictionary<string, long> { ["a"] = 1 }).Start()).Command;

        Assert.Equal((2, 5, "9s"), (fromFile.PrevTries, fromFile.TotalTries, fromFile.Timeout));
        Assert.Equal((2, 8), (fromStore.PrevTries, fromStore.TotalTries));
        Assert.Equal(5, lowerStore.TotalTries);
    }

    [Fact]
    public void A_job_complete_in_its_file_is_not_run_again()
    {
        var chain = Chains.Of("a b c; a>b b>c", job => job.Id == "c" ? job with { State = JobState.Stopped } : job.Id == "a" ? job with { State = JobState.Complete } : job);

        Assert.Equal("b", chain.Start().Ids());
        Assert.Equal("c", chain.End("b").Ids());
        chain.End("c");
        Assert.Equal(JobState.Complete, chain.State);
    }

    [Fact]
    public void A_result_that_is_not_waited_for_is_ignored()
    {
        var chain = Chains.Of("a b; a>b");
        chain.Start();
        var result = chain.Result("a", JobState.Complete);

        Assert.False(chain.TryFinish(result with { RequestId = "other" }, out _));
        Assert.False(chain.TryFinish(result with { JobId = "zzz" }, out _));
        Assert.False(chain.TryFinish(result with { JobId = "b" }, out _));
        Assert.True(chain.TryFinish(result, out _));
        Assert.False(chain.TryFinish(result, out var again));
        Assert.Empty(again);
    }

    [Fact]
    public void A_repeated_result_of_an_earlier_sequence_try_is_ignored()
    {
        var chain = Chains.Of("a", job => job with { SequenceRetry = 1 });
        chain.Start();
        var first = chain.Result("a", JobState.Fail);
        Assert.True(chain.TryFinish(first, out var retry));
        Assert.Equal("a", retry.Ids());

        Assert.False(chain.TryFinish(first, out _));
        Assert.Equal(JobState.Running, chain.Find("a")!.State);
        chain.End("a");
        Assert.Equal(JobState.Complete, chain.State);
    }

    [Fact]
    public void A_refused_command_ends_its_job_whatever_its_counters()
    {
        var request = Chains.Parse("""{"requestId":"req","job":{"id":"a","type":"t"},"totalTries":5}""");
        var chain = new ChainState(request);
        chain.Start();

        Assert.True(chain.TryFinish(new JobFinished { RequestId = "req", JobId = "a", FinalState = JobState.Fail, Error = "refused" }, out _));

        Assert.Equal((JobState.Fail, "refused", 5), (chain.State, chain.Find("a")!.Error, chain.Find("a")!.TotalTries));
    }

    [Fact]
    public void Nothing_starts_once_the_chain_is_stopped()
    {
        var chain = Chains.Of("a b; a>b", job => job with { SequenceRetry = 5 });
        chain.Start();
        chain.Stop();

        Assert.Empty(chain.End("a"));
        Assert.True(chain.IsDone);
        Assert.Equal(JobState.Stopped, chain.State);
    }

    [Fact]
    public void A_stopped_chain_in_which_a_job_failed_has_failed()
    {
        var chain = Chains.Of("a b c; a>b", job => job with { SequenceRetry = 5 });
        chain.Start();
        chain.Stop();

        Assert.Empty(chain.End("a", JobState.Fail));
        Assert.Empty(chain.End("c", JobState.Stopped));
        Assert.Equal(JobState.Fail, chain.State);
    }

    [Fact]
    public void A_chain_of_ten_thousand_jobs_in_a_line_runs()
    {
        var ids = Enumerable.Range(0, 10_000).Select(i => $"j{i}").ToList();
        var next = ids.Zip(ids.Skip(1)).ToDictionary(pair => pair.First, pair => (IReadOnlyList<string>)[pair.Second]);
        var chain = new ChainState(Chains.Request(ids, next, job => job with { SequenceId = "j0" }));

        var running = chain.Start();
        while (running.Count > 0)
        {
            running = chain.End(running[0].Command.Job.Id);
        }

        Assert.Equal(JobState.Complete, chain.State);
    }
}
