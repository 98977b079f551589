using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

public sealed class StatusTests
{
    private static ChainJobStatus Job(TestChain chain, string id) => chain.State.ToStatus(null).Jobs!.Single(job => job.Id == id);

    [Fact]
    public void A_pending_job_waits_for_those_before_it_that_are_not_complete()
    {
        var chain = TestChain.Of("a b c; a>c b>c");
        chain.Start();
        chain.End("a");

        var status = chain.State.ToStatus(TestChain.Noon);
        Assert.Equal(("req", JobState.Running, false, TestChain.Noon, null), (status.RequestId, status.State, status.Stopping, status.AddedAt, status.EndedAt));
        Assert.Equal((1, 3), (status.FinishedJobs, status.TotalJobs));
        Assert.Equal(["a", "b"], Job(chain, "c").After!);
        Assert.Equal(["b"], Job(chain, "c").WaitsFor!);
        Assert.Equal(("job-a", "noop", JobState.Complete, 1L), (Job(chain, "a").Name, Job(chain, "a").Type, Job(chain, "a").State, Job(chain, "a").Tries));
        Assert.Empty(Job(chain, "b").WaitsFor!);
        Assert.Null(Job(chain, "b").DueAt);
    }

    [Fact]
    public void A_job_that_waits_for_its_sequence_to_be_tried_again_says_until_when()
    {
        var chain = TestChain.Of("a b; a>b", job => job.Id == "a" ? job with { SequenceId = "a", SequenceRetry = 1, SequenceRetryWait = "5s" } : job with { SequenceId = "a" });
        chain.Start();
        chain.End("a");
        var again = Assert.Single(chain.End("b", JobState.Fail));

        Assert.Equal((TestChain.Noon.AddSeconds(5), 2L), (Job(chain, "a").DueAt, Job(chain, "a").SequenceTries));
        Assert.True(chain.TakeDue(again));
        Assert.Null(Job(chain, "a").DueAt);
    }

    [Fact]
    public void A_chain_that_stops_says_so_until_it_has_ended_and_then_nothing_waits()
    {
        var chain = TestChain.Of("a b; a>b");
        chain.Start();
        chain.Stop();
        Assert.True(chain.State.ToStatus(null).Stopping);

        chain.End("a", JobState.Stopped);

        var status = chain.State.ToStatus(null);
        Assert.Equal((false, JobState.Stopped, chain.Time), (status.Stopping, status.State, status.EndedAt));
        Assert.Empty(Job(chain, "b").WaitsFor!);
        Assert.Equal(["a"], Job(chain, "b").After);
    }
}
