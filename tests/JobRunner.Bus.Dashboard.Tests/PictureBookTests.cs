using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Dashboard.Tests;

public sealed class PictureBookTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 12, 0, 0, TimeSpan.Zero));
    private readonly PictureBook _book;

    public PictureBookTests() => _book = new PictureBook(_time);

    [Fact]
    public void Until_the_broker_was_reached_it_is_said_so()
    {
        Assert.NotNull(_book.Now.Trouble);
        _book.Show();
        Assert.Null(_book.Now.Trouble);
    }

    [Fact]
    public void A_worker_that_answers_no_more_is_silent_after_three_seconds_counts_no_more_and_is_forgotten_after_a_minute()
    {
        _book.Hear(Busy("w1"), [Run("r1"), Run("r2")]);
        _book.Hear(Busy("w2"), [Run("r3")]);
        _book.Show();
        Assert.Equal((16, 2, 2, 3), (_book.Now.Slots, _book.Now.Running, _book.Now.Waiting, _book.Now.Runs!.Count));

        for (var i = 0; i < 4; i++)
        {
            _time.Advance(Second);
            _book.Hear(Busy("w2"), [Run("r3")]);
            _book.Show();
            Assert.Equal(i == 3, _book.Now.Workers.Any(_book.Now.IsSilent));
        }

        Assert.Equal((8, 1, 1), (_book.Now.Slots, _book.Now.Running, _book.Now.Runs!.Count));
        Assert.Equal(["w1", "w2"], _book.Now.Workers.Select(worker => worker.Told.Worker));

        _time.Advance(TimeSpan.FromMinutes(1));
        _book.Hear(Busy("w2"), []);
        _book.Show();
        Assert.Equal(["w2"], _book.Now.Workers.Select(worker => worker.Told.Worker));
    }

    [Theory]
    [InlineData(WorkerStatus.Draining)]
    [InlineData(WorkerStatus.Drained)]
    public void Free_slots_of_a_worker_that_was_told_to_drain_count_no_more(string drain)
    {
        _book.Hear(Busy("w1"), []);
        _book.Hear(Busy("w2") with { Drain = drain }, []);
        _book.Show();

        Assert.Equal((9, 2), (_book.Now.Slots, _book.Now.Running));
    }

    [Fact]
    public void A_clock_that_is_set_back_lets_no_dead_worker_seem_to_answer_and_ends_no_history()
    {
        _book.Hear(Busy("dead"), []);
        _book.Hear(Busy("alive"), []);
        _book.Show();
        _time.AdjustTime(_time.GetUtcNow().AddHours(-1));

        _book.Hear(Busy("alive"), []);
        _book.Show();

        Assert.Equal(["alive"], _book.Now.Answering.Select(worker => worker.Told.Worker));
        Assert.Equal(2, _book.Now.History.Count);
        _time.Advance(4 * Second);
        _book.Show();
        Assert.Empty(_book.Now.Answering);
    }

    [Fact]
    public void While_the_broker_is_away_nothing_changes_and_workers_have_their_time_to_answer_once_it_is_back()
    {
        _book.Hear(Busy("w1"), []);
        _book.Show();
        var known = _book.Now.At;

        _time.Advance(TimeSpan.FromSeconds(20));
        _book.Fail("nothing listens there");
        Assert.Equal(("nothing listens there", known, 1), (_book.Now.Trouble, _book.Now.At, _book.Now.Answering.Count()));

        _book.Show();
        Assert.Null(_book.Now.Trouble);
        Assert.Single(_book.Now.Answering);
    }

    [Fact]
    public void Runs_are_unknown_until_every_worker_has_told_them()
    {
        _book.Hear(Busy("w1"), null);
        _book.Hear(Busy("w2"), []);
        _book.Show();
        Assert.Null(_book.Now.Runs);

        _book.Hear(Busy("w1"), [Run("r1")]);
        _book.Show();
        Assert.Single(_book.Now.Runs!);
    }

    [Fact]
    public void The_lines_are_of_the_last_15_minutes_and_no_longer()
    {
        for (var i = 0; i < 2_000; i++)
        {
            _book.Count(new Dictionary<string, long?> { [Names.RunJob] = i });
            _book.Show();
            _time.Advance(Second);
        }

        Assert.Equal(180, _book.Now.History.Count);
        Assert.Equal(1995, _book.Now.History[^1].Queued);
        Assert.Equal(1995 - (179 * 5), _book.Now.History[0].Queued);
    }

    [Fact]
    public void Failed_runs_count_for_an_hour_and_the_last_ones_are_told_newest_first()
    {
        for (var i = 0; i < 100; i++)
        {
            _book.OnResult(new JobFinished { RequestId = $"r{i}", JobId = "job1", FinalState = JobState.Fail, Tries = 3 });
            _book.OnResult(new JobFinished { RequestId = $"r{i}", JobId = "job2", FinalState = JobState.Complete });
            _book.OnResult(new JobFinished { RequestId = $"r{i}", JobId = "job3", FinalState = JobState.Stopped });
        }

        _book.Show();
        Assert.Equal(100, _book.Now.Failed);
        Assert.Equal(["r99", "r98", "r97"], _book.Now.LatestFailed.Take(3).Select(run => run.RequestId));
        Assert.Equal(10, _book.Now.LatestFailed.Count);

        _time.Advance(TimeSpan.FromMinutes(59));
        _book.OnResult(new JobFinished { FinalState = JobState.Fail });
        _book.Show();
        Assert.Equal(101, _book.Now.Failed);

        _time.Advance(TimeSpan.FromMinutes(1));
        _book.Show();
        Assert.Equal(1, _book.Now.Failed);

        _time.Advance(TimeSpan.FromDays(3));
        _book.Show();
        Assert.Equal(0, _book.Now.Failed);
    }

    private static WorkerStatus Busy(string name) => new() { Worker = name, Slots = 8, SlotsInUse = 1, Runners = 2 };

    private static RunnerStatus Run(string request) => new() { RequestId = request, JobId = "job1" };
}
