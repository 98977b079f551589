using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Tests;

public sealed class SequenceRetriesTests
{
    private static TestChain Sequence(string graph, long retries, string? wait = null, string start = "a", string? members = null) =>
        TestChain.Of(graph, job => job.Id == start ? job with { SequenceId = start, SequenceRetry = retries, SequenceRetryWait = wait }
            : members is null || members.Contains(job.Id, StringComparison.Ordinal) ? job with { SequenceId = start } : job);

    [Fact]
    public void A_failed_sequence_starts_again_with_its_tries_reset_and_total_tries_going_on()
    {
        var chain = Sequence("a b c; a>b b>c", retries: 1, wait: "5s");
        chain.Start();
        chain.End("a");

        var again = Assert.Single(chain.End("b", JobState.Fail, data => data["seen"] = "first"));

        Assert.Equal(("a", TimeSpan.FromSeconds(5)), (again.Command.Job.Id, again.Wait));
        Assert.Equal((0, 1), (again.Command.PrevTries, again.Command.TotalTries));
        Assert.False(chain.TryFinish(chain.Result("a", JobState.Complete), out _));
        Assert.True(chain.TakeDue(again));
        Assert.False(chain.TakeDue(again));

        var b = Assert.Single(chain.End("a"));
        Assert.Equal((0, 1), (b.Command.PrevTries, b.Command.TotalTries));
        Assert.Equal("""{"seen":"first"}""", b.Command.JobData.ToJsonString());
        chain.End("b");
        chain.End("c");
        Assert.Equal(JobState.Complete, chain.State.State);
    }

    [Fact]
    public void A_sequence_is_tried_once_and_then_as_often_as_it_may_be_retried()
    {
        var chain = Sequence("a b; a>b", retries: 2);
        var launches = chain.Start();
        var tries = 0;
        while (launches.Count > 0)
        {
            tries++;
            Assert.Equal("b", chain.End("a").Ids());
            launches = chain.End("b", JobState.Fail);
        }

        Assert.Equal(3, tries);
        Assert.Equal((JobState.Fail, JobState.Complete), (chain.State.State, chain["a"].State));
        Assert.Equal(3, chain["b"].TotalTries);
    }

    [Fact]
    public void A_job_without_a_sequence_is_its_own()
    {
        var chain = TestChain.Of("a b; a>b", job => job.Id == "b" ? job with { SequenceRetry = 1 } : job);
        chain.Start();
        chain.End("a");

        Assert.Equal("b", chain.End("b", JobState.Fail).Ids());
        Assert.Empty(chain.End("b", JobState.Fail));
    }

    [Fact]
    public void A_stopped_job_is_no_reason_to_try_a_sequence_again()
    {
        var chain = Sequence("a b; a>b", retries: 3);
        chain.Start();
        chain.End("a");

        Assert.Empty(chain.End("b", JobState.Stopped));
        Assert.Equal(JobState.Stopped, chain.State.State);
    }

    [Fact]
    public void Jobs_beside_the_failed_one_end_before_the_sequence_starts_again()
    {
        var chain = Sequence("a b c d; a>b a>c b>d", retries: 1);
        chain.Start();
        chain.End("a");

        Assert.Empty(chain.End("c", JobState.Fail));
        // b completes, but d must not start: the sequence is about to be tried again.
        var again = chain.End("b");

        Assert.Equal("a", again.Ids());
        Assert.Equal("b c", chain.End("a").Ids());
        chain.End("c");
        Assert.Equal("d", chain.End("b").Ids());
        chain.End("d");
        Assert.Equal(JobState.Complete, chain.State.State);
        Assert.Equal([2, 2, 2, 1], new[] { "a", "b", "c", "d" }.Select(id => chain[id].TotalTries));
    }

    [Fact]
    public void Jobs_outside_the_sequence_go_on_meanwhile()
    {
        var chain = Sequence("a b x y; a>b x>y", retries: 1, members: "b");
        chain.Start();
        chain.End("a");

        Assert.Equal("a", chain.End("b", JobState.Fail).Ids());
        Assert.Equal("y", chain.End("x").Ids());
    }

    [Fact]
    public void An_inner_sequence_is_retried_alone_and_rolled_back_with_the_outer_one()
    {
        var chain = TestChain.Of("a b c d; a>b b>c c>d", job => job.Id switch
        {
            "a" => job with { SequenceId = "a", SequenceRetry = 1 },
            "d" => job with { SequenceId = "a" },
            "b" => job with { SequenceId = "b", SequenceRetry = 1, SequenceRetryWait = "3s" },
            _ => job with { SequenceId = "b" },
        });
        chain.Start();
        chain.End("a");
        chain.End("b");

        var inner = Assert.Single(chain.End("c", JobState.Fail));
        Assert.Equal("b", inner.Command.Job.Id);
        Assert.True(chain.TakeDue(inner));
        chain.End("b");
        chain.End("c");

        Assert.Equal("a", chain.End("d", JobState.Fail).Ids());
        var b = Assert.Single(chain.End("a"));
        Assert.Equal(("b", TimeSpan.FromSeconds(3)), (b.Command.Job.Id, b.Wait));
        chain.TakeDue(b);
        chain.End("b");
        Assert.Equal("d", chain.End("c").Ids());
        chain.End("d");
        Assert.Equal(JobState.Complete, chain.State.State);
    }

    [Fact]
    public void When_an_inner_and_an_outer_sequence_fail_together_the_outer_one_starts_again()
    {
        var chain = TestChain.Of("a b c; a>b a>c", job => job.Id switch
        {
            "a" => job with { SequenceRetry = 1 },
            "b" => job with { SequenceId = "a" },
            _ => job with { SequenceRetry = 5 },
        });
        chain.Start();
        chain.End("a");
        Assert.Empty(chain.End("b", JobState.Fail));

        // c could be tried again by itself, but it would be run with data that is about to be made anew.
        Assert.Equal("a", chain.End("c", JobState.Fail).Ids());
        Assert.Equal("b c", chain.End("a").Ids());
        chain.End("b");
        chain.End("c");
        Assert.Equal(JobState.Complete, chain.State.State);
    }

    [Fact]
    public void A_start_that_names_another_sequence_as_its_own_still_runs_out_of_tries()
    {
        var chain = TestChain.Of("a b c; a>b b>c", job => job.Id switch { "a" => job, "b" => job with { SequenceId = "a" }, _ => job with { SequenceId = "b" } });
        chain.Start();
        chain.End("a");
        chain.End("b");

        Assert.Empty(chain.End("c", JobState.Fail));
        Assert.Equal(JobState.Fail, chain.State.State);
    }

    [Fact]
    public void A_wait_before_a_sequence_try_is_withdrawn_by_a_stop()
    {
        var chain = Sequence("a", retries: 1, wait: "1h");
        chain.Start();
        var waiting = Assert.Single(chain.End("a", JobState.Fail));

        chain.Stop();

        Assert.False(chain.TakeDue(waiting));
        Assert.True(chain.State.IsEnded);
        Assert.Equal((JobState.Pending, JobState.Stopped), (chain["a"].State, chain.State.State));
    }

    [Fact]
    public void A_wait_told_over_too_early_goes_on_and_one_of_another_run_is_ignored()
    {
        var chain = Sequence("a", retries: 2, wait: "1h");
        chain.Start();
        var waiting = Assert.Single(chain.End("a", JobState.Fail));
        var due = (AwaitJob)chain.Effects[0];

        var early = ChainRules.Due(chain.State, "a", due.SentAt, TestChain.Noon + TimeSpan.FromMinutes(59));
        Assert.Same(chain.State, early.State);
        Assert.Equal([due], early.Effects);
        Assert.Empty(ChainRules.Due(chain.State, "a", due.SentAt.AddTicks(1), due.DueAt).Effects);
        Assert.Empty(ChainRules.Due(chain.State, "zzz", due.SentAt, due.DueAt).Effects);
        Assert.True(chain.TakeDue(waiting));
        Assert.Equal([new SendJob("a", due.DueAt)], chain.Effects);
    }

    [Fact]
    public void A_wait_longer_than_time_itself_is_a_long_wait()
    {
        var chain = Sequence("a", retries: 1, wait: "2562047h");
        chain.Start();
        chain.Time = DateTimeOffset.MaxValue - TimeSpan.FromDays(1);
        chain.End("a", JobState.Fail);

        Assert.Equal(DateTimeOffset.MaxValue, ((AwaitJob)chain.Effects[0]).DueAt);
    }

    [Fact]
    public void A_sequence_stopped_in_its_wait_has_not_begun_that_try()
    {
        var chain = Sequence("a b; a>b", retries: 3, wait: "1h");
        chain.Start();
        chain.End("a");
        chain.End("b", JobState.Fail);
        Assert.Equal(2, chain["a"].SequenceTries);

        chain.Stop();

        Assert.Equal((1, 0), (chain["a"].SequenceTries, chain.State.FinishedJobs));
        Assert.Equal([new TellEnd()], chain.Effects);
    }

    [Fact]
    public void A_sequence_that_waits_for_its_other_jobs_is_not_tried_again_after_a_stop()
    {
        var chain = Sequence("a b c; a>b a>c", retries: 3);
        chain.Start();
        chain.End("a");
        Assert.Empty(chain.End("b", JobState.Fail));
        chain.Stop();

        Assert.Empty(chain.End("c"));
        Assert.Equal((JobState.Fail, 2), (chain.State.State, chain.State.FinishedJobs));
    }

    [Fact]
    public void A_failed_job_hands_no_data_on_and_a_chain_is_started_once()
    {
        var chain = TestChain.Of("a b; a>b");
        chain.Start();
        Assert.Empty(ChainRules.Start(chain.State, chain.Time).Effects);

        chain.End("a", JobState.Fail, data => data["left"] = "behind");

        Assert.Empty(chain["b"].Data);
    }
}
