using JobRunner.Bus.Contracts;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>From when on the journal is read for a run whose worker died: it takes as long as what everybody wrote since.</summary>
public sealed class CrashResumerTests
{
    private static readonly DateTimeOffset Sent = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset WentOn = Sent.AddHours(5);

    private readonly List<DateTimeOffset?> _read = [];
    private readonly List<long> _delivered = [];
    private readonly List<(DateTimeOffset At, JournalEntry Entry)> _journal =
    [
        (Sent.AddHours(4), new RunSentOn("before", 2)),
        (Sent.AddHours(4.5), Logged(3)),
        (WentOn, new RunSentOn("own", 3)),
        (WentOn.AddMinutes(1), Logged(4)),
    ];

    private static TryLogged Logged(long number) =>
        new(new JobLogRecorded { RequestId = "r", JobId = "j", Try = number, State = JobState.Fail, StartedAt = 1, FinishedAt = 2 });

    private static CommandDelivery Leg(DateTimeOffset? dueAt) => new(
        new RunJob { RequestId = "r", Job = new Job { Id = "j", Type = "t", Retry = 9, RetryWait = "10s" }, PrevTries = 3, TotalTries = 3 },
        Sent,
        new RunLeg("own", 3),
        dueAt)
    { Redelivered = true };

    private IReadOnlyList<JournalEntry> Read(DateTimeOffset? since)
    {
        _read.Add(since);
        return [.. _journal.Where(one => !(one.At < since)).Select(one => one.Entry)];
    }

    private CrashResumer Resumer()
    {
        var journal = Fake.Of<IJobJournal>(
            (nameof(IJobJournal.ReadAsync), arguments => Task.FromResult(Read((DateTimeOffset?)arguments[1]))),
            (nameof(IJobJournal.DeliverAsync), arguments => DeliverAsync((JobLogRecorded)arguments[0]!)));
        return new CrashResumer(
            journal, null!, null!, null!, Options.Create(new WorkerOptions()), new FakeTimeProvider(WentOn.AddMinutes(2)), NullLogger<CrashResumer>.Instance);
    }

    private Task DeliverAsync(JobLogRecorded log)
    {
        _delivered.Add(log.Try);
        return Task.CompletedTask;
    }

    private async Task<long> TriesKnownAsync(CommandDelivery delivery)
    {
        return (await Resumer().FailedAsync(delivery, "", TestContext.Current.CancellationToken))!.Value.Result.Next.TotalTries;
    }

    [Fact]
    public async Task A_run_that_went_on_through_the_broker_is_looked_up_since_then_and_not_since_its_command()
    {
        Assert.Equal(4, await TriesKnownAsync(Leg(WentOn.AddSeconds(10))));

        Assert.Equal([WentOn], _read);
    }

    [Fact]
    public async Task Where_the_clock_of_who_sent_it_on_was_ahead_all_since_its_command_is_read()
    {
        Assert.Equal(4, await TriesKnownAsync(Leg(WentOn.AddSeconds(100))));

        Assert.Equal([WentOn.AddSeconds(90), Sent], _read);
    }

    [Theory]
    [InlineData(3 * 3600)]
    [InlineData(-6 * 3600)]
    public async Task A_time_that_cannot_be_when_it_went_on_is_not_looked_from(int seconds)
    {
        Assert.Equal(4, await TriesKnownAsync(Leg(WentOn.AddSeconds(seconds))));

        Assert.Equal([Sent], _read);
    }

    [Fact]
    public async Task A_command_straight_from_its_scheduler_is_looked_up_since_it_was_sent()
    {
        _journal.RemoveAll(one => one.Entry is RunSentOn);

        Assert.Equal(4, await TriesKnownAsync(Leg(null) with { Leg = RunLeg.First }));

        Assert.Equal([Sent], _read);
    }

    [Fact]
    public async Task The_last_log_of_a_run_that_is_taken_over_is_delivered_and_that_of_one_that_is_not_is_left_to_its_worker()
    {
        Assert.False(await Resumer().IsOverAsync(Leg(WentOn.AddSeconds(10)), TestContext.Current.CancellationToken));
        Assert.Empty(_delivered);

        await TriesKnownAsync(Leg(WentOn.AddSeconds(10)));

        Assert.Equal([4], _delivered);
    }

    [Fact]
    public async Task What_the_leg_logged_between_its_being_sent_and_being_sent_again_is_known()
    {
        _journal.Add((WentOn.AddMinutes(1.5), new RunSentOn("own", 3)));

        Assert.Equal(4, await TriesKnownAsync(Leg(WentOn.AddSeconds(10))));
    }
}
