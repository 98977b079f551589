using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

public sealed class CheckTests
{
    [Fact]
    public void A_chain_as_a_request_manager_sends_it_is_valid() => Assert.Empty(SpinCycleCheck.CheckUnstarted(Chain("a b c d; a>b a>c b>d c>d")));

    [Theory]
    [InlineData("a b; ", "2 jobs have no predecessor: a, b", "2 jobs have no successor: a, b")]
    [InlineData("a b c; a>b a>c", "2 jobs have no successor: b, c")]
    [InlineData("a b c d e f g; a>g b>g c>g d>g e>g f>g", "6 jobs have no predecessor: a, b, c, d, e, …")]
    [InlineData("a b; a>b b>a", "adjacencyList has a cycle: a → b → a")]
    [InlineData("a; a>zz", "names job \"zz\", which is not in \"jobs\"")]
    [InlineData("a; zz>a", "names job \"zz\", which is not in \"jobs\"")]
    [InlineData("", "the chain is empty")]
    public void A_chain_that_spin_cycle_refuses_is_refused_with_the_reason(string graph, params string[] reasons)
    {
        var wrong = SpinCycleCheck.CheckUnstarted(Chain(graph));

        Assert.Equal(reasons.Length, wrong.Count);
        Assert.All(reasons.Zip(wrong), pair => Assert.Contains(pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void A_new_chain_has_nothing_done()
    {
        var wrong = SpinCycleCheck.CheckUnstarted(Chain("a b; a>b", id => id == "a" ? JobState.Complete : JobState.Pending) with { FinishedJobs = 1 });

        Assert.Equal(["job \"a\": state is COMPLETE (3); in a new chain it must be PENDING (1)", "finishedJobs is 1; in a new chain it must be 0"], wrong);
    }

    [Fact]
    public void A_suspended_chain_counts_what_is_done()
    {
        var good = new SuspendedJobChain
        {
            JobChain = Chain("a b c; a>b b>c", id => id switch { "a" => JobState.Complete, "b" => JobState.Stopped, _ => JobState.Pending }) with { FinishedJobs = 1 },
        };

        Assert.Empty(SpinCycleCheck.CheckSuspended(good));
        Assert.Equal(
            ["finishedJobs is 2; 1 jobs are COMPLETE"],
            SpinCycleCheck.CheckSuspended(good with { JobChain = good.JobChain with { FinishedJobs = 2 } }));
        Assert.Contains(
            "state is FAIL (4); ",
            SpinCycleCheck.CheckSuspended(new SuspendedJobChain { JobChain = Chain("a", _ => JobState.Fail) })[0],
            StringComparison.Ordinal);
    }

    [Fact]
    public void Everything_wrong_with_a_job_is_told()
    {
        var chain = new JobChain
        {
            RequestId = "req",
            Jobs = new Dictionary<string, Job>
            {
                [" "] = new() { Type = "t" },
                ["a"] = new() { Id = "other", SequenceRetry = -1, SequenceRetryWait = "soon", SequenceId = "zz", Retry = -1 },
                ["b"] = new() { Type = "t", SequenceRetryWait = "-1s", SequenceId = "c" },
                ["c"] = new() { Type = "t", State = JobState.Running },
            },
        };

        var wrong = ChainCheck.Check(chain, out _);

        Assert.Collection(
            wrong,
            text => Assert.Contains("empty id", text, StringComparison.Ordinal),
            text => Assert.Contains("its id says \"other\"", text, StringComparison.Ordinal),
            text => Assert.Contains("sequenceRetry is -1", text, StringComparison.Ordinal),
            text => Assert.Contains("\"soon\"", text, StringComparison.Ordinal),
            text => Assert.Contains("job \"a\": type is missing", text, StringComparison.Ordinal),
            text => Assert.Contains("retry is -1", text, StringComparison.Ordinal),
            text => Assert.Contains("sequenceId \"zz\" is no job of the chain", text, StringComparison.Ordinal),
            text => Assert.Contains("\"-1s\"", text, StringComparison.Ordinal),
            text => Assert.Contains("state is RUNNING (2)", text, StringComparison.Ordinal),
            text => Assert.Contains("sequenceId \"c\" must be the job itself or one it comes after", text, StringComparison.Ordinal));
    }

    [Fact]
    public void An_edge_given_twice_counts_once()
    {
        Assert.Empty(ChainCheck.Check(Chain("a b; a>b a>b"), out var next));
        Assert.Equal(["b"], next["a"]);
    }

    private static JobChain Chain(string graph, Func<string, JobState>? state = null)
    {
        var parts = graph.Split(';', StringSplitOptions.TrimEntries);
        var edges = parts.Length > 1 ? parts[1].Split(' ', StringSplitOptions.RemoveEmptyEntries) : [];
        return new JobChain
        {
            RequestId = "req",
            Jobs = parts[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).ToDictionary(
                id => id, id => new Job { Id = id, Type = "noop", State = state?.Invoke(id) ?? JobState.Pending }),
            AdjacencyList = edges.Select(edge => edge.Split('>')).GroupBy(edge => edge[0], edge => edge[1])
                .ToDictionary(from => from.Key, from => (IReadOnlyList<string>)[.. from]),
        };
    }

    [Fact]
    public void A_cycle_is_told_in_the_order_in_which_its_jobs_follow_each_other() => Assert.Equal(
        ["a", "b", "c", "a"],
        ChainGraph.FindCycle(["a", "b", "c"], new Dictionary<string, IReadOnlyList<string>> { ["a"] = ["b"], ["b"] = ["c"], ["c"] = ["a"] }));

    [Fact]
    public void A_suspended_chain_with_a_job_that_failed_is_refused()
    {
        var chain = new JobChain { RequestId = "req", Jobs = new Dictionary<string, Job> { ["a"] = new() { Id = "a", Type = "noop", State = JobState.Fail } } };

        Assert.Contains(
            SpinCycleCheck.CheckSuspended(new SuspendedJobChain { RequestId = "req", JobChain = chain }),
            wrong => wrong.Contains("in a suspended chain it must be PENDING", StringComparison.Ordinal));
    }
}
