using JobRunner.Bus.Runners.Tests.Kit;

namespace JobRunner.Bus.Runners.Tests;

/// <summary>One timer for all that waits.</summary>
public sealed class DueQueueTests
{
    private readonly WatchedTime _time = new();
    private readonly DueQueue _queue;

    public DueQueueTests() => _queue = new DueQueue(_time);

    [Fact]
    public void Each_entry_is_told_when_its_time_has_come_and_once()
    {
        var seconds = new[] { 5, 1, 9, 3, 7, 3, 2, 8, 6, 4 };
        var entries = seconds.Select(second => Add(TimeSpan.FromSeconds(second))).ToList();

        for (var now = 1; now <= 10; now++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(seconds.Select(second => second <= now ? 1 : 0), entries.Select(entry => entry.Told));
        }

        Assert.Equal(0, _queue.Count);
    }

    [Fact]
    public void None_is_told_before_its_time()
    {
        var entry = Add(TimeSpan.FromSeconds(5));

        _time.Advance(TimeSpan.FromSeconds(5) - TimeSpan.FromTicks(1));
        Assert.Equal((0, TimeSpan.FromTicks(1)), (entry.Told, _queue.TimeLeft(entry)));

        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal((1, TimeSpan.Zero), (entry.Told, _queue.TimeLeft(entry)));
    }

    [Fact]
    public void One_timer_serves_all_and_an_empty_queue_has_none()
    {
        var entries = Enumerable.Range(1, 100).Select(second => Add(TimeSpan.FromSeconds(101 - second))).ToList();
        Assert.Equal(1, _time.Timers);

        _time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal((1, 50), (_time.Timers, _queue.Count));

        Assert.All(entries, entry => Assert.Equal(entry.Told == 0, _queue.Remove(entry)));
        Assert.Equal((0, 0), (_time.Timers, _queue.Count));
    }

    [Fact]
    public void What_is_taken_out_is_not_told_and_can_wait_again()
    {
        var entry = Add(TimeSpan.FromSeconds(1));
        Assert.True(_queue.Remove(entry));
        Assert.False(_queue.Remove(entry));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, entry.Told);

        _queue.Add(entry, TimeSpan.FromSeconds(1));
        Assert.Throws<InvalidOperationException>(() => _queue.Add(entry, TimeSpan.FromSeconds(1)));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, entry.Told);
    }

    [Fact]
    public void A_wait_longer_than_a_timer_holds_is_waited_out()
    {
        var years = Add(TimeSpan.FromDays(365));
        var ages = Add(TimeSpan.MaxValue);

        for (var day = 0; day < 365; day++)
        {
            Assert.Equal(0, years.Told);
            _time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal((1, 0, 1), (years.Told, ages.Told, _queue.Count));
    }

    [Fact]
    public void One_that_adds_another_as_it_is_told_may_do_so()
    {
        var second = new Entry();
        var first = new Entry(() => _queue.Add(second, TimeSpan.FromSeconds(1)));
        _queue.Add(first, TimeSpan.FromSeconds(1));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 0), (first.Told, second.Told));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, second.Told);
    }

    private Entry Add(TimeSpan wait)
    {
        var entry = new Entry();
        _queue.Add(entry, wait);
        return entry;
    }

    private sealed class Entry(Action? then = null) : DueEntry
    {
        private int _told;

        public int Told => Volatile.Read(ref _told);

        public override void Due()
        {
            Interlocked.Increment(ref _told);
            then?.Invoke();
        }
    }
}
