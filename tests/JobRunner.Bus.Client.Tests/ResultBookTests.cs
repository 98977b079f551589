using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Client.Tests;

public sealed class ResultBookTests
{
    private static readonly JobKey Key = new("r1", "aaaa");

    private readonly FakeTimeProvider _time = new();
    private readonly ResultBook _book;
    private int _settled;

    public ResultBookTests() => _book = new ResultBook(TimeSpan.FromMinutes(10), most: 3, _time);

    [Fact]
    public async Task A_result_goes_to_everyone_who_waits_for_it_and_to_nobody_else()
    {
        var first = _book.WaitAsync(Key, 0, sentAt: null, fresh: false, default);
        var second = _book.WaitAsync(Key, 0, sentAt: null, fresh: false, default);
        var other = _book.WaitAsync(new JobKey("r2", "aaaa"), 0, sentAt: null, fresh: false, default);

        Arrives(tries: 1);

        Assert.Equal(1, (await first).TotalTries);
        Assert.Same(await first, await second);
        Assert.False(other.IsCompleted);
        Assert.Equal(1, _settled);
    }

    [Fact]
    public async Task A_result_that_came_first_is_kept_and_settled_once_it_is_taken()
    {
        Arrives(tries: 1);
        Assert.Equal(0, _settled);

        Assert.Equal(1, (await _book.WaitAsync(Key, 0, sentAt: null, fresh: false, default)).TotalTries);

        Assert.Equal((1, 0), (_settled, _book.UnclaimedCount));
    }

    [Fact]
    public async Task A_job_sent_now_does_not_take_the_result_of_its_run_before()
    {
        Arrives(tries: 1);
        var resumed = _book.WaitAsync(Key, fromTotalTries: 1, sentAt: null, fresh: true, default);
        Assert.False(resumed.IsCompleted);

        Arrives(tries: 2);

        Assert.Equal(2, (await resumed).TotalTries);
    }

    [Fact]
    public async Task The_end_of_an_earlier_command_told_again_is_not_taken_for_that_of_a_later_one_whatever_its_counters()
    {
        var sentAt = _time.GetUtcNow();
        var resumed = _book.WaitAsync(Key, fromTotalTries: 2, sentAt, fresh: true, default);

        Arrives(tries: 2, commandSentAt: sentAt.AddMinutes(-1));
        Arrives(tries: 3, commandSentAt: sentAt.AddTicks(-1));
        Assert.False(resumed.IsCompleted);
        Arrives(tries: 4, commandSentAt: sentAt);

        Assert.Equal(4, (await resumed).TotalTries);
    }

    [Fact]
    public async Task A_result_that_does_not_say_whose_end_it_is_is_told_by_its_counters()
    {
        var resumed = _book.WaitAsync(Key, fromTotalTries: 2, _time.GetUtcNow(), fresh: true, default);

        Arrives(tries: 1);
        Assert.False(resumed.IsCompleted);
        Arrives(tries: 2);

        Assert.Equal(2, (await resumed).TotalTries);
    }

    [Fact]
    public void Nobody_asks_for_it_and_it_is_let_go_in_time()
    {
        Arrives(tries: 1);
        _time.Advance(TimeSpan.FromMinutes(9));
        _book.Sweep();
        Assert.Equal((0, 1), (_settled, _book.UnclaimedCount));

        _time.Advance(TimeSpan.FromMinutes(1));
        _book.Sweep();

        Assert.Equal((1, 0), (_settled, _book.UnclaimedCount));
    }

    [Fact]
    public async Task No_more_than_the_bound_are_kept_and_the_oldest_goes_first()
    {
        foreach (var job in new[] { "a", "b", "c", "d" })
        {
            Arrives(tries: 1, job);
        }

        Assert.Equal((1, 3), (_settled, _book.UnclaimedCount));
        Assert.Equal("b", (await _book.WaitAsync(new JobKey("r1", "b"), 0, sentAt: null, fresh: false, default)).JobId);
        Assert.False(_book.WaitAsync(new JobKey("r1", "a"), 0, sentAt: null, fresh: false, default).IsCompleted);
    }

    [Fact]
    public void The_same_result_again_takes_the_place_of_the_first()
    {
        Arrives(tries: 1);
        Arrives(tries: 1);

        Assert.Equal((1, 1), (_settled, _book.UnclaimedCount));
    }

    [Fact]
    public async Task Who_gives_up_waiting_leaves_the_result_to_others()
    {
        using var gaveUp = new CancellationTokenSource();
        var waiting = _book.WaitAsync(Key, 0, sentAt: null, fresh: false, gaveUp.Token);
        await gaveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);

        Arrives(tries: 1);

        Assert.Equal(1, (await _book.WaitAsync(Key, 0, sentAt: null, fresh: false, default)).TotalTries);
    }

    [Fact]
    public async Task Results_that_come_again_after_a_reconnect_are_forgotten_first()
    {
        Arrives(tries: 1);
        _book.ForgetUnclaimed();
        var waiting = _book.WaitAsync(Key, 0, sentAt: null, fresh: false, default);
        Assert.False(waiting.IsCompleted);

        Arrives(tries: 1);

        Assert.Equal(1, (await waiting).TotalTries);
    }

    [Fact]
    public async Task When_results_may_be_lost_whoever_waits_is_told_and_later_waits_go_on()
    {
        var waiting = _book.WaitAsync(Key, 0, sentAt: null, fresh: false, default);

        _book.Fail(new JobRunnerClientException("lost"), forGood: false);

        Assert.Equal("lost", (await Assert.ThrowsAsync<JobRunnerClientException>(() => waiting)).Message);
        var later = _book.WaitAsync(Key, 0, sentAt: null, fresh: false, default);
        Arrives(tries: 1);
        Assert.Equal(1, (await later).TotalTries);
    }

    private void Arrives(long tries, string job = "aaaa", DateTimeOffset? commandSentAt = null) =>
        _book.Add(new JobFinished { RequestId = "r1", JobId = job, TotalTries = tries }, commandSentAt, () => _settled++);
}
