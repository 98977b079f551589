using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Tests.Stops;

public sealed class StopBookTests
{
    private static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Noon);
    private readonly StopBook _book;

    public StopBookTests() => _book = new StopBook(Options.Create(new WorkerOptions { StopRetention = TimeSpan.FromHours(1) }), _time);

    [Fact]
    public void Without_a_stop_nothing_is_found() => Assert.Null(_book.Find("r", "j", null));

    [Theory]
    [InlineData(-3600, true)]
    [InlineData(-1, true)]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_stop_is_for_commands_sent_up_to_it(int seconds, bool found)
    {
        _book.Add(Stop("j", Noon));

        Assert.Equal(found, _book.Find("r", "j", Noon.AddSeconds(seconds)) is not null);
    }

    [Theory]
    [InlineData(1, -3600, 1, false)] // seen by a worker whose clock is an hour behind
    [InlineData(30, -3600, 40, false)] // the same, of a resume that was sent half a minute after the stop
    [InlineData(20, -3600, 1, false)] // the same, by a worker whose clock is 20 s behind
    [InlineData(1, 3600, 1, false)]
    [InlineData(120, -60, 1, true)] // sent by a clock that is two minutes ahead, and seen long before
    [InlineData(120, -1, 1, false)] // seen just now: it may have overtaken the stop
    [InlineData(3600, -60, 1, true)]
    public void A_stop_heard_long_after_a_command_was_seen_is_for_it_only_if_the_senders_clock_is_ahead(int commandSent, int seen, int now, bool found)
    {
        _book.Add(Stop("j", Noon) with { HeardAt = _time.GetTimestamp() });
        _time.SetUtcNow(Noon.AddSeconds(now));

        Assert.Equal(found, _book.Find("r", "j", Noon.AddSeconds(commandSent), Noon.AddSeconds(seen)) is not null);
    }

    [Fact]
    public void A_clock_that_is_set_back_after_a_stop_was_heard_lets_it_end_no_resume()
    {
        var clock = new SetClock { Wall = Noon };
        var book = new StopBook(Options.Create(new WorkerOptions { StopRetention = TimeSpan.FromHours(1) }), clock);
        book.Add(Stop("j", Noon) with { HeardAt = clock.GetTimestamp() });
        (clock.Wall, clock.Ticks) = (Noon.AddHours(-1).AddSeconds(25), TimeSpan.FromSeconds(25).Ticks);

        // Sent 8 s after the stop, and seen here 12 s after that, by the clock as it is now.
        Assert.Null(book.Find("r", "j", Noon.AddSeconds(8), Noon.AddHours(-1).AddSeconds(20)));
    }

    [Fact]
    public void A_command_sent_at_an_unknown_time_is_stopped()
    {
        _book.Add(Stop("j", Noon));

        Assert.NotNull(_book.Find("r", "j", null));
    }

    [Fact]
    public void A_stop_of_a_job_is_for_no_other_job_and_no_other_request()
    {
        _book.Add(Stop("j", Noon));

        Assert.Null(_book.Find("r", "k", Noon));
        Assert.Null(_book.Find("s", "j", Noon));
    }

    [Fact]
    public void A_stop_of_a_request_is_for_every_job_of_it_and_no_other_request()
    {
        _book.Add(Stop(null, Noon));

        Assert.NotNull(_book.Find("r", "j", Noon));
        Assert.NotNull(_book.Find("r", "k", Noon));
        Assert.Null(_book.Find("s", "j", Noon));
    }

    [Fact]
    public void A_later_stop_covers_the_earlier_in_whatever_order_they_arrive()
    {
        _book.Add(Stop("j", Noon.AddMinutes(10)));
        _book.Add(Stop("j", Noon));

        Assert.NotNull(_book.Find("r", "j", Noon.AddMinutes(5)));

        _book.Add(Stop("j", Noon.AddMinutes(20)));

        Assert.NotNull(_book.Find("r", "j", Noon.AddMinutes(15)));
    }

    [Fact]
    public void An_early_stop_of_the_job_does_not_hide_a_later_one_of_the_request()
    {
        _book.Add(Stop("j", Noon));
        _book.Add(Stop(null, Noon.AddMinutes(10)));

        Assert.Null(_book.Find("r", "j", Noon.AddMinutes(5))!.JobId);
    }

    [Fact]
    public void Stops_of_the_same_instant_keep_the_last_asker()
    {
        _book.Add(Stop("j", Noon) with { ReplyTo = new("first", null) });
        _book.Add(Stop("j", Noon) with { ReplyTo = new("second", null) });

        Assert.Equal("second", _book.Find("r", "j", Noon)!.ReplyTo!.Queue);
    }

    [Fact]
    public void Ids_that_look_alike_are_not_the_same()
    {
        _book.Add(new StopOrder("R", "j", Noon, null));
        _book.Add(new StopOrder("r", "J", Noon, null));

        Assert.Null(_book.Find("r", "j", Noon));
    }

    [Fact]
    public void A_settled_leg_is_known_and_no_other()
    {
        _book.Settle("l1");

        Assert.True(_book.IsSettled("l1"));
        Assert.False(_book.IsSettled("l2"));
        Assert.False(_book.IsSettled(null));
    }

    [Fact]
    public void Stops_and_settled_legs_are_kept_for_the_retention_and_forgotten_after_it()
    {
        _book.Add(Stop("j", Noon));
        _book.Settle("l1");

        _time.Advance(TimeSpan.FromHours(1));
        AddMany();
        Assert.NotNull(_book.Find("r", "j", Noon));
        Assert.True(_book.IsSettled("l1"));

        _time.Advance(TimeSpan.FromTicks(1));
        AddMany();
        Assert.Null(_book.Find("r", "j", Noon));
        Assert.False(_book.IsSettled("l1"));
    }

    [Theory]
    [InlineData("j")]
    [InlineData(null)]
    public void Past_its_retention_a_stop_is_not_found_even_where_nobody_has_purged_it(string? jobId)
    {
        _book.Add(Stop(jobId, Noon));
        _book.Settle("l1");

        _time.Advance(TimeSpan.FromHours(1) + TimeSpan.FromTicks(1));

        Assert.Null(_book.Find("r", "j", Noon));
        Assert.False(_book.IsSettled("l1"));
    }

    [Fact]
    public void A_wall_clock_that_is_set_forward_forgets_no_stop()
    {
        var time = new SetClock();
        var book = new StopBook(Options.Create(new WorkerOptions { StopRetention = TimeSpan.FromHours(1) }), time);
        book.Add(Stop("j", Noon));
        book.Settle("l1");

        time.Wall += TimeSpan.FromDays(1);

        Assert.NotNull(book.Find("r", "j", Noon));
        Assert.True(book.IsSettled("l1"));
    }

    [Fact]
    public void A_stop_asked_for_again_is_kept_from_then_on()
    {
        _book.Add(Stop("j", Noon));
        _time.Advance(TimeSpan.FromMinutes(59));
        _book.Add(Stop("j", Noon.AddMinutes(59)));

        _time.Advance(TimeSpan.FromMinutes(59));
        AddMany();

        Assert.NotNull(_book.Find("r", "j", Noon));
    }

    private static StopOrder Stop(string? jobId, DateTimeOffset sentAt) => new("r", jobId, sentAt, null);

    /// <summary>The book looks for what has expired now and then as stops come in.</summary>
    private void AddMany()
    {
        for (var stop = 0; stop < 1100; stop++)
        {
            _book.Add(new StopOrder($"other{stop}", null, Noon, null));
        }
    }
}
