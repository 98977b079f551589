using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;

namespace JobRunner.Bus.Cli.Tests;

/// <summary>A command that hit the crash budget, was refused, or was a second one of its job: what a retry means.</summary>
public sealed class CommandRetryTests
{
    private static readonly DateTimeOffset Sent = Chains.Noon.AddHours(-1);

    private static readonly RunJob Command = new()
    {
        RequestId = "r1",
        Job = new Job { Id = "aaaa", Type = "noop", Retry = 3 },
        PrevTries = 1,
        TotalTries = 5,
        JobData = new JsonObject { ["of"] = "command" },
        SentAt = Sent,
    };

    private static TryLogged Logged(long number, JobState state = JobState.Fail, long startedAt = 1) =>
        new(new JobLogRecorded { RequestId = "r1", JobId = "aaaa", Try = number, State = state, StartedAt = startedAt });

    private static RunFinished Finished(long total, JobState state = JobState.Fail, DateTimeOffset? at = null) =>
        new(new JobFinished { RequestId = "r1", JobId = "aaaa", FinalState = state, TotalTries = total }, at);

    private static CommandFate Decide(IReadOnlyList<JournalEntry> journal, RunJob? command = null, string? ownLeg = null, long stored = 0) =>
        CommandRetry.Decide(command ?? Command, (command ?? Command).SentAt, ownLeg, "retry-x", journal, stored, Chains.Noon);

    private static (long Prev, long Total) Counters(CommandFate fate)
    {
        var again = Assert.IsType<CommandFate.Again>(fate).Command;
        Assert.Equal(Chains.Noon, again.SentAt);
        return (again.PrevTries, again.TotalTries);
    }

    [Fact]
    public void Refused_before_any_try_it_runs_from_where_it_stood() => Assert.Equal((1, 5), Counters(Decide([Finished(5)])));

    [Fact]
    public void Past_the_crash_budget_the_numbers_go_on_after_the_log_that_told_so_and_the_tries_left_stay()
    {
        // Tries 6 and 7 were logged, 8 killed its workers; its log tells of no try.
        var fate = Decide([Logged(6), new StartedAgain(), Logged(7), new StartedAgain(), Logged(8, startedAt: 0), Finished(8)]);

        Assert.Equal((3, 8), Counters(fate));
    }

    [Fact]
    public void One_try_is_left_at_least() => Assert.Equal((3, 9), Counters(Decide([Logged(6), Logged(7), Logged(8), Logged(9), Finished(9)])));

    [Fact]
    public void A_stopped_try_and_one_logged_twice_use_up_nothing_more() =>
        Assert.Equal((2, 7), Counters(Decide([Logged(6, JobState.Stopped), Logged(7), Logged(7)])));

    [Fact]
    public void What_the_Request_Manager_holds_counts_where_the_journal_has_forgotten() => Assert.Equal((1, 12), Counters(Decide([], stored: 12)));

    [Fact]
    public void Job_data_is_that_of_the_last_logged_try()
    {
        var data = new JobDataChanged(6, new JsonObject { ["of"] = "try 6" });
        var older = new JobDataChanged(4, new JsonObject { ["of"] = "an earlier run" });

        Assert.Equal("try 6", ((CommandFate.Again)Decide([older, data, Logged(6)])).Command.JobData["of"]!.ToString());
        Assert.Equal("command", ((CommandFate.Again)Decide([older])).Command.JobData["of"]!.ToString());
    }

    [Fact]
    public void Job_data_of_a_try_that_was_never_logged_is_not_taken_and_its_number_is_free()
    {
        var cutOff = new JobDataChanged(6, new JsonObject { ["of"] = "cut off" });

        AssertRunsOn("command", 5, [cutOff]);
        AssertRunsOn("command", 5, [cutOff, new StartedAgain(), Finished(5)]);
        AssertRunsOn("command", 6, [cutOff, new StartedAgain(), Logged(6)]);
        // Its own leg was sent after that try, and ran it without a change of the data.
        AssertRunsOn("command", 6, [cutOff, new RunSentOn("own", 5), Logged(6)], ownLeg: "own");
        // The log that tells of the crash budget is of no try.
        AssertRunsOn("command", 6, [cutOff, Logged(6, startedAt: 0), Finished(6)]);
        AssertRunsOn("try 6", 6, [new JobDataChanged(6, new JsonObject { ["of"] = "try 6" }), Logged(6), new JobDataChanged(7, []), Finished(6)]);
    }

    private static void AssertRunsOn(string data, long totalTries, IReadOnlyList<JournalEntry> journal, string? ownLeg = null)
    {
        var again = Assert.IsType<CommandFate.Again>(Decide(journal, ownLeg: ownLeg)).Command;
        Assert.Equal((data, totalTries), ((string?)again.JobData["of"], again.TotalTries));
    }

    [Fact]
    public void A_job_that_has_completed_or_was_stopped_since_is_not_run_again()
    {
        Assert.Equal("its job has ended COMPLETE since", Assert.IsType<CommandFate.Stays>(Decide([Logged(6, JobState.Complete), Finished(6, JobState.Complete)])).Why);
        Assert.Equal("its job has ended STOPPED since", Assert.IsType<CommandFate.Stays>(Decide([Finished(5, JobState.Stopped, Sent.AddSeconds(1))])).Why);
    }

    [Fact]
    public void The_end_of_an_earlier_run_is_not_its_own() =>
        Assert.Equal((1, 5), Counters(Decide([Finished(5, JobState.Stopped, Sent.AddSeconds(-5))])));

    [Fact]
    public void A_run_that_went_on_as_another_leg_is_left_alone_until_it_ends()
    {
        Assert.IsType<CommandFate.Stays>(Decide([Logged(6), new RunSentOn("other", 6)]));
        Assert.Equal((2, 6), Counters(Decide([Logged(6), new RunSentOn("other", 6), Finished(6)])));
    }

    [Fact]
    public void Its_own_leg_is_no_other() => Assert.Equal((1, 5), Counters(Decide([new RunSentOn("own", 5)], ownLeg: "own")));

    [Fact]
    public void Sent_back_before_it_is_not_sent_again() =>
        Assert.IsType<CommandFate.SentBefore>(Decide([Finished(5), new RunSentOn("retry-x", 5), Logged(6), Finished(6)]));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Numbers_never_repeat_and_some_try_is_left_whatever_the_journal_says(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 2_000; i++)
        {
            List<JournalEntry> journal = [.. Enumerable.Range(0, random.Next(8)).Select(_ => (JournalEntry)(random.Next(4) switch
            {
                0 => Finished(random.Next(12)),
                1 => new JobDataChanged(random.Next(12), []),
                2 => new StartedAgain(),
                _ => Logged(random.Next(12), (JobState)random.Next(3, 7), random.Next(2)),
            }))];
            var command = Command with { PrevTries = random.Next(5), TotalTries = random.Next(10) };

            if (Decide(journal, command) is CommandFate.Again again)
            {
                Assert.All(journal.OfType<TryLogged>(), logged => Assert.True(logged.Log.Try <= again.Command.TotalTries));
                Assert.InRange(again.Command.PrevTries, 0, command.Job.Retry);
                Assert.Empty(RunJobRules.Check(again.Command));
            }
        }
    }
}
