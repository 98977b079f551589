using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>Where a run stands whose worker died, by what the journal says.</summary>
public sealed class CrashResumeTests
{
    private static readonly DateTimeOffset Sent = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static CommandDelivery Command(long prevTries = 0, long totalTries = 0, long retry = 4, RunLeg? leg = null) => new(
        new RunJob
        {
            RequestId = "r",
            Job = new Job { Id = "j", Type = "t", Retry = retry, RetryWait = "10s" },
            PrevTries = prevTries,
            TotalTries = totalTries,
            JobData = new JsonObject { ["from"] = "command" },
        },
        Sent,
        leg ?? RunLeg.First,
        null)
    { Redelivered = true };

    private static TryLogged Logged(long number, JobState state, long startedAt = 1) => new(new JobLogRecorded
    {
        RequestId = "r",
        JobId = "j",
        Try = number,
        State = state,
        StartedAt = startedAt,
        FinishedAt = startedAt == 0 ? 0 : UnixNanoseconds.From(Sent.AddSeconds(number)),
        Error = startedAt == 0 ? "problem creating job runner: x" : "",
    });

    private static RunFinished Ended(long totalTries, DateTimeOffset? at = null) =>
        new(new JobFinished { RequestId = "r", JobId = "j", TotalTries = totalTries, FinalState = JobState.Fail }, at ?? Sent.AddMinutes(1));

    [Fact]
    public void A_run_that_logged_nothing_starts_from_its_command()
    {
        var command = Command(1, 3);

        Assert.Same(command, Assert.IsType<Resumption.GoOn>(CrashResume.Decide(command, [])).Delivery);
        Assert.Same(command, Assert.IsType<Resumption.GoOn>(CrashResume.Decide(command, [Logged(2, JobState.Fail), Logged(3, JobState.Fail)])).Delivery);
    }

    [Fact]
    public void A_run_that_logged_failed_tries_goes_on_at_the_next_when_its_wait_is_over()
    {
        var resumed = Assert.IsType<Resumption.GoOn>(CrashResume.Decide(
            Command(1, 3, leg: new RunLeg("a", 1)),
            [new RunSentOn("a", 3), Logged(4, JobState.Fail), Logged(4, JobState.Fail), Logged(5, JobState.Unknown)])).Delivery;

        Assert.Equal((3, 5), (resumed.Command.PrevTries, resumed.Command.TotalTries));
        Assert.Equal(("a", 3), (resumed.Leg.Id, resumed.Leg.TriesBefore));
        Assert.Equal(Sent.AddSeconds(5 + 10), resumed.DueAt);
        Assert.Equal(new TryCounters(1, 3), resumed.ArrivedWith);
    }

    [Fact]
    public void A_run_whose_waits_grow_goes_on_after_the_wait_of_its_next_try()
    {
        var command = Command(1, 3);
        var grows = command.Command with { Job = command.Command.Job with { RetryBackoff = 2, RetryJitter = 0.5 } };
        var resumed = Assert.IsType<Resumption.GoOn>(CrashResume.Decide(
            command with { Command = grows }, [Logged(4, JobState.Fail), Logged(5, JobState.Fail)])).Delivery;

        var wait = RetryDelay.Before(grows with { PrevTries = 3, TotalTries = 5 });
        Assert.InRange(wait, TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40));
        Assert.Equal(Sent.AddSeconds(5) + wait, resumed.DueAt);
    }

    [Fact]
    public void A_run_that_failed_for_good_before_its_end_was_told_is_told_and_not_tried_again()
    {
        var last = Logged(2, JobState.Fail);
        var result = Assert.IsType<Resumption.Tell>(CrashResume.Decide(
            Command(), [Logged(1, JobState.Fail), last with { Log = last.Log with { Permanent = true } }])).Result;

        Assert.Equal((JobState.Fail, 2, new TryCounters(2, 2)), (result.FinalState, result.Tries, result.Next));
    }

    [Fact]
    public void Job_data_that_a_logged_try_changed_is_kept_and_that_of_a_try_cut_off_is_not()
    {
        var resumed = Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), [
            new JobDataChanged(1, new JsonObject { ["from"] = 1 }),
            Logged(1, JobState.Fail),
            new JobDataChanged(2, new JsonObject { ["from"] = 2 }),
        ])).Delivery;

        Assert.Equal(1, (int)resumed.Command.JobData["from"]!);
    }

    [Fact]
    public void Job_data_of_a_try_cut_off_is_not_taken_for_that_of_the_same_try_run_again()
    {
        var resumed = Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), [
            new JobDataChanged(1, new JsonObject { ["from"] = "cut off" }),
            new StartedAgain(),
            Logged(1, JobState.Fail),
        ])).Delivery;

        Assert.Equal("command", (string?)resumed.Command.JobData["from"]);
    }

    [Fact]
    public void Job_data_of_a_try_cut_off_is_not_taken_for_that_of_a_run_that_failed_without_a_try()
    {
        var told = Assert.IsType<Resumption.Tell>(CrashResume.Decide(Command(), [
            new JobDataChanged(1, new JsonObject { ["from"] = "cut off" }),
            Logged(1, JobState.Fail, startedAt: 0),
        ])).Result;

        Assert.Equal("command", (string?)told.JobData["from"]);
    }

    [Theory]
    [InlineData(JobState.Complete, 2, 1, JobState.Complete)]
    [InlineData(JobState.Fail, 0, 1, JobState.Fail)]
    public void A_run_whose_last_try_is_logged_is_told_to_its_scheduler(JobState logged, long retry, long tries, JobState told)
    {
        var result = Assert.IsType<Resumption.Tell>(CrashResume.Decide(Command(retry: retry), [Logged(1, logged)])).Result;

        Assert.Equal((told, tries, new TryCounters(1, 1)), (result.FinalState, result.Tries, result.Next));
    }

    [Fact]
    public void A_job_that_could_not_be_made_is_not_made_again()
    {
        var result = Assert.IsType<Resumption.Tell>(CrashResume.Decide(Command(1, 1), [Logged(2, JobState.Fail, startedAt: 0)])).Result;

        Assert.Equal((JobState.Fail, 0, new TryCounters(1, 2)), (result.FinalState, result.Tries, result.Next));
        Assert.Equal("problem creating job runner: x", result.Error);
    }

    [Fact]
    public void A_try_cut_off_by_a_drain_is_run_again_at_once_and_its_budget_is_not_spent()
    {
        var resumed = Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), [Logged(1, JobState.Fail), Logged(2, JobState.Stopped)])).Delivery;

        Assert.Equal((1, 2), (resumed.Command.PrevTries, resumed.Command.TotalTries));
        Assert.Equal(Sent.AddSeconds(2), resumed.DueAt);
    }

    [Fact]
    public void A_run_that_ended_is_told_again()
    {
        var end = Ended(2);

        Assert.Same(end.Finished, Assert.IsType<Resumption.TellAgain>(CrashResume.Decide(Command(), [Logged(1, JobState.Fail), Logged(2, JobState.Fail), end])).News.Finished);
    }

    [Fact]
    public void The_log_of_an_ended_run_is_lost_when_the_journal_has_the_end_and_not_the_log()
    {
        Assert.True(IsLogLost(Command(), [Logged(1, JobState.Fail), Ended(2)]));
        Assert.True(IsLogLost(Command(1, 1, leg: new RunLeg("a", 1)), [Logged(1, JobState.Fail), new RunSentOn("a", 1), Ended(2)]));

        // It was refused at first and sent again after the end.
        Assert.False(IsLogLost(Command(), [Logged(1, JobState.Fail), Ended(2), Logged(2, JobState.Fail)]));
        // The broker had taken it, before it was killed and lost the end of the journal.
        Assert.False(IsLogLost(Command(), [Logged(1, JobState.Fail), Ended(2) with { LogsAccepted = true }]));
        // Stopped before its first try, or while it waited: there is none.
        Assert.False(IsLogLost(Command(0, 1), [Ended(1)]));
        Assert.False(IsLogLost(Command(), [Logged(1, JobState.Fail), Ended(1)]));

        static bool IsLogLost(CommandDelivery delivery, IReadOnlyList<JournalEntry> journal) =>
            Assert.IsType<Resumption.TellAgain>(CrashResume.Decide(delivery, journal)).IsLogLost;
    }

    [Fact]
    public async Task A_log_that_was_lost_with_its_worker_is_stood_in_for_before_the_end_is_told_again()
    {
        var end = Ended(2, Sent.AddSeconds(9));
        await using var world = new World(journal: [Logged(1, JobState.Fail), end]);

        await world.Get<RunDispatcher>().RunAsync(Command(), CancellationToken.None);

        var log = Assert.Single(world.Logs);
        Assert.Equal(("r", "j", 2L, JobState.Fail, 1L, "t"), (log.RequestId, log.JobId, log.Try, log.State, log.Exit, log.Type));
        Assert.Equal(UnixNanoseconds.From(end.At!.Value), log.FinishedAt);
        Assert.Contains("lost", log.Error);
        Assert.Same(end.Finished, Assert.Single(world.Ends));
    }

    [Fact]
    public void An_end_without_a_try_counts_when_it_came_after_the_command_was_sent()
    {
        Assert.IsType<Resumption.TellAgain>(CrashResume.Decide(Command(0, 1), [Ended(1)]));
        Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(0, 1), [Ended(1, Sent.AddSeconds(-1))]));
        Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(0, 1), [Ended(0)]));
    }

    [Fact]
    public void An_end_that_says_whose_it_is_is_not_taken_for_that_of_another_command_with_the_same_counters()
    {
        var stoppedBeforeItsFirstTry = Ended(0, Sent.AddSeconds(5)) with { CommandSentAt = Sent.AddMinutes(-1) };

        Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), [stoppedBeforeItsFirstTry]));
        Assert.IsType<Resumption.TellAgain>(CrashResume.Decide(Command(), [stoppedBeforeItsFirstTry with { CommandSentAt = Sent }]));
    }

    [Fact]
    public void An_end_told_again_keeps_its_time()
    {
        var end = Ended(2) with { CommandSentAt = Sent };

        var news = Assert.IsType<Resumption.TellAgain>(CrashResume.Decide(Command(), [end])).News;

        Assert.Equal((end.At, end.CommandSentAt), (news.At, news.CommandSentAt));
    }

    [Fact]
    public void A_resumed_run_is_not_taken_for_the_one_before_it_that_was_stopped_while_it_waited()
    {
        var before = Sent.AddSeconds(-10);
        JournalEntry[] stopped = [Logged(1, JobState.Fail), new RunSentOn("a", 1, before), Ended(1, Sent.AddSeconds(-1)) with { CommandSentAt = before }];

        Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(1, 1), stopped));
        Assert.IsType<Resumption.Drop>(CrashResume.Decide(Command(1, 1), [.. stopped, new RunSentOn("b", 1, Sent)]));
        Assert.IsType<Resumption.Drop>(CrashResume.Decide(Command(1, 1), [.. stopped, new RunSentOn("b", 1)]));
    }

    [Fact]
    public void Starts_of_an_earlier_run_with_the_same_counters_do_not_count()
    {
        JournalEntry[] earlier = [new StartedAgain(), new StartedAgain(), Ended(0) with { CommandSentAt = Sent.AddSeconds(-10) }];

        Assert.Equal(1, Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), earlier)).Starts);
        Assert.Equal(2, Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), [.. earlier, new StartedAgain()])).Starts);
    }

    [Fact]
    public void A_leg_that_was_sent_twice_goes_on_from_what_the_first_of_the_two_has_done()
    {
        var twice = Command(1, 1, leg: new RunLeg("a", 1));

        Assert.IsType<Resumption.GoOn>(CrashResume.Decide(twice, [new RunSentOn("a", 1), new RunSentOn("a", 1)]));
        Assert.IsType<Resumption.Drop>(CrashResume.Decide(
            twice, [new RunSentOn("a", 1), Logged(2, JobState.Fail), new RunSentOn("b", 2), new RunSentOn("a", 1)]));
        Assert.IsType<Resumption.TellAgain>(CrashResume.Decide(
            twice, [new RunSentOn("a", 1), Logged(2, JobState.Complete), Ended(2), new RunSentOn("a", 1)]));
    }

    [Fact]
    public void A_run_that_went_on_as_another_leg_is_dropped()
    {
        Assert.IsType<Resumption.Drop>(CrashResume.Decide(Command(), [Logged(1, JobState.Fail), new RunSentOn("a", 1)]));
        Assert.IsType<Resumption.Drop>(CrashResume.Decide(Command(), [new RunSentOn("a", 0)]));
        Assert.IsType<Resumption.Drop>(CrashResume.Decide(
            Command(1, 1, leg: new RunLeg("a", 1)), [new RunSentOn("a", 1), Logged(2, JobState.Fail), new RunSentOn("b", 2), Ended(3)]));
    }

    [Fact]
    public void A_resumed_run_that_is_not_due_yet_goes_on_as_a_leg_of_its_own_that_knows_its_tries_and_its_time()
    {
        var resumed = Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), [Logged(1, JobState.Fail)])).Delivery;

        var (next, leg) = resumed.ToSendOn();
        Assert.NotNull(leg.Id);
        Assert.Equal((1, Sent), (leg.TriesBefore, next.SentAt));

        var waiting = Command(1, 1, leg: new RunLeg("a", 1));
        Assert.Equal("a", waiting.ToSendOn().Leg.Id);
        var moved = Assert.IsType<Resumption.GoOn>(CrashResume.Decide(waiting, [new RunSentOn("a", 1), Logged(2, JobState.Fail)])).Delivery;
        Assert.NotEqual("a", moved.ToSendOn().Leg.Id);
        Assert.Equal(2, moved.ToSendOn().Leg.TriesBefore);
    }

    [Fact]
    public void Starts_are_counted_since_the_last_log()
    {
        Assert.Equal(1, Starts([]));
        Assert.Equal(3, Starts([new StartedAgain(), new StartedAgain()]));
        Assert.Equal(2, Starts([new StartedAgain(), new StartedAgain(), Logged(1, JobState.Fail), new StartedAgain()]));

        static int Starts(JournalEntry[] journal) => Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(), journal)).Starts;
    }

    [Fact]
    public void A_leg_is_not_let_go_for_its_own_record()
    {
        Assert.IsType<Resumption.GoOn>(CrashResume.Decide(Command(1, 1, leg: new RunLeg("a", 1)), [Logged(1, JobState.Fail), new RunSentOn("a", 1)]));
    }

    [Fact]
    public void The_last_log_of_a_run_is_not_known_to_be_delivered_until_its_worker_went_on()
    {
        var leg = new RunLeg("a", 1);
        JournalEntry sentOn = new RunSentOn("a", 3);
        var endTogether = Ended(5);

        Assert.Equal(5, Unknown(sentOn, Logged(4, JobState.Fail), Logged(5, JobState.Fail)));
        Assert.Equal(5, Unknown(sentOn, sentOn, Logged(5, JobState.Fail), sentOn));
        Assert.Equal(5, Unknown(sentOn, new JobDataChanged(5, []), Logged(5, JobState.Complete), endTogether));
        Assert.Null(Unknown(sentOn, Logged(5, JobState.Complete) with { IsWhole = false }, endTogether, Logged(6, JobState.Complete)));
        Assert.Null(Unknown(sentOn));
        Assert.Null(Unknown(Logged(3, JobState.Fail), sentOn));
        Assert.Null(Unknown(sentOn, Logged(4, JobState.Fail), new JobDataChanged(5, [])));
        Assert.Null(Unknown(sentOn, Logged(4, JobState.Fail), new StartedAgain()));
        Assert.Null(Unknown(sentOn, Logged(4, JobState.Fail), new RunSentOn("b", 4)));
        Assert.Null(Unknown(sentOn, Logged(5, JobState.Complete), endTogether with { LogsAccepted = true }));
        Assert.Null(Unknown(sentOn, Logged(5, JobState.Complete), endTogether with { LogsAccepted = true }, Logged(6, JobState.Fail)));

        long? Unknown(params JournalEntry[] journal) => CrashResume.NotKnownToBeDelivered(Command(1, 3, leg: leg), journal)?.Try;
    }
}
