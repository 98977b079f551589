using System.Reflection;
using JobRunner.Bus.ChaosTests.Check;
using JobRunner.Bus.ChaosTests.History;

namespace JobRunner.Bus.ChaosTests;

/// <summary>The checker can fail: each rule catches a history that breaks it, and nothing but that.</summary>
public sealed class CheckerTests
{
    /// <summary>Broken histories, each with the one rule it breaks.</summary>
    public static TheoryData<string, string> Broken => new()
    {
        { "lost-run", Rules.OneEnd },
        { "two-ends", Rules.OneEnd },
        { "number-gap", Rules.LogNumbers },
        { "number-repeated-with-other-contents", Rules.OneLogPerNumber },
        { "log-missing-at-the-request-manager", Rules.NoLogLost },
        { "try-after-answered-stop", Rules.NoTryAfterStop },
        { "stop-not-heeded", Rules.StopHeeded },
        { "stop-answered-wrongly", Rules.StopAnswerTrue },
        { "try-doubled-without-a-fault", Rules.NoTryTwice },
        { "try-started-again-after-its-log", Rules.NoTryTwice },
        { "try-beside-another", Rules.NoTryBesideAnother },
        { "budget-spent-by-a-kill", Rules.BudgetKept },
        { "failed-with-tries-left", Rules.BudgetKept },
        { "stopped-by-nobody", Rules.BudgetKept },
        { "job-data-lost", Rules.JobDataKept },
        { "left-in-an-error-queue", Rules.NothingLeft },
        { "drain-ends-badly", Rules.DrainEndsWell },
        { "deleted-queue-stays-away", Rules.DeletedComesBack },
        { "deleted-queue-never-back", Rules.DeletedComesBack },
        { "runs-abandoned-when-a-clock-was-set", Rules.NoneAbandoned },
    };

    private static IReadOnlyList<HistoryEvent> Read(string name) =>
        Recording.Read(Path.Combine(AppContext.BaseDirectory, "Histories", name + ".jsonl"));

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_broken_history_is_caught_by_its_rule_alone_with_the_events_that_show_it(string name, string rule)
    {
        var violation = Assert.Single(HistoryChecker.Check(Read(name)));

        Assert.Equal(rule, violation.Rule);
        Assert.NotEmpty(violation.Events);
    }

    [Fact]
    public void Every_rule_has_a_history_that_it_catches()
    {
        var rules = typeof(Rules).GetFields(BindingFlags.Public | BindingFlags.Static).Select(rule => (string)rule.GetRawConstantValue()!);

        Assert.Equal(rules.Order(), Broken.Select(row => row.Data.Item2).Distinct().Order());
    }

    [Fact]
    public void A_history_of_real_workers_that_were_killed_paused_drained_and_stopped_passes()
    {
        var history = Read("healthy");

        Assert.Empty(HistoryChecker.Check(history));
        Assert.Contains(history, one => one is StopAnswered);
        Assert.Contains(history, one => one is RunSent { Run: 2 });
        // A try that was cut off and run again, and a job with several logs.
        var starts = history.OfType<TryStarted>().ToList();
        Assert.True(starts.DistinctBy(start => (start.Job, start.Try)).Count() < starts.Count);
        Assert.Contains(history, one => one is LogStored { Try: > 2 });
    }

    [Fact]
    public void A_history_of_real_workers_that_acknowledge_before_JobFinished_is_caught_as_lost_runs()
    {
        var violations = HistoryChecker.Check(Read("acknowledged-before-job-finished"));

        Assert.NotEmpty(violations);
        Assert.All(violations, violation => Assert.Equal(Rules.OneEnd, violation.Rule));
        Assert.All(violations, violation => Assert.Contains("no end was told", violation.What));
    }
}
