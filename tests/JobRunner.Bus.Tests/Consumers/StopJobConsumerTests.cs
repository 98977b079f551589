using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Stops;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Tests.Runs;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Consumers;

/// <summary>What a stop does, and to whom.</summary>
public sealed class StopJobConsumerTests : IAsyncDisposable
{
    private readonly World _world = new();

    [Fact]
    public async Task A_running_job_is_stopped_and_the_asker_answered_once()
    {
        var run = await StartAsync(Scripts.UntilStoppedAsync);

        await _world.StopAsync(asker: "me");
        await run;

        var end = Assert.Single(_world.Ends);
        Assert.Equal((JobState.Stopped, 1L, 0L, 1L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        await Eventually.HoldsAsync("the asker is answered", () => _world.Replies.Count == 1);
        Assert.Equal(("me", "stopped-while-running"), (_world.Replies.Single().To.Queue, _world.Replies.Single().Reply.Outcome));
    }

    [Fact]
    public async Task A_job_sent_after_the_stop_runs_on()
    {
        var go = new TaskCompletionSource();
        var run = await StartAsync(async (_, _) =>
        {
            await go.Task;
            return JobResult.Complete();
        }, World.Noon.AddSeconds(1));

        await _world.StopAsync(sentAt: World.Noon);
        go.SetResult();
        await run;

        Assert.Equal(JobState.Complete, Assert.Single(_world.Ends).FinalState);
    }

    [Theory]
    [InlineData(120)]
    [InlineData(3600)]
    [InlineData(30)]
    public async Task A_stop_applies_to_a_run_that_has_been_held_for_longer_than_a_stop_is_on_its_way_whatever_the_times_say(int seconds)
    {
        var run = await StartAsync(Scripts.UntilStoppedAsync, World.Noon.AddSeconds(30));
        _world.Time.Advance(TimeSpan.FromSeconds(10.1));

        await _world.StopAsync(sentAt: World.Noon.AddSeconds(-seconds), asker: "me");
        await run;

        Assert.Equal(JobState.Stopped, Assert.Single(_world.Ends).FinalState);
        await Eventually.HoldsAsync("the asker is answered", () => _world.Replies.Count == 1);
    }

    [Fact]
    public async Task A_parked_run_counts_as_held_from_its_start_here()
    {
        _world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        await _world.DeliverAsync(World.Command(retry: 3, retryWait: "1h", sentAt: World.Noon.AddSeconds(20)));
        _world.Time.Advance(TimeSpan.FromSeconds(11));

        await _world.StopAsync(sentAt: World.Noon);

        await Eventually.HoldsAsync("it is stopped", () => _world.Ends.Any(end => end.FinalState == JobState.Stopped));
    }

    [Fact]
    public async Task A_stop_that_is_read_again_is_for_no_run_sent_after_it_however_long_that_is_held()
    {
        var go = new TaskCompletionSource();
        var run = await StartAsync(async (_, _) =>
        {
            await go.Task;
            return JobResult.Complete();
        }, World.Noon.AddSeconds(1));
        _world.Time.Advance(TimeSpan.FromMinutes(1));
        _world.Get<StopHearing>().Lost();

        await _world.StopAsync(sentAt: World.Noon);
        go.SetResult();
        await run;

        Assert.Equal(JobState.Complete, Assert.Single(_world.Ends).FinalState);
    }

    [Theory]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("2026-07-01T13:00:00Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    public async Task A_leg_that_states_an_odd_time_is_stopped_by_what_arrives_later_than_a_stop_is_on_its_way_after_it_was_seen(string sentAt)
    {
        _world.Time.Advance(TimeSpan.FromSeconds(11));
        await _world.StopAsync();

        await _world.DeliverAsync(
            World.Command(retry: 3, totalTries: 1, sentAt: DateTimeOffset.Parse(sentAt, System.Globalization.CultureInfo.InvariantCulture)),
            new RunLeg("l1", 1) { SeenAt = World.Noon });

        Assert.Equal(JobState.Stopped, Assert.Single(_world.Ends).FinalState);
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public async Task A_stop_that_states_a_time_nobody_means_counts_as_one_without(string sentAt)
    {
        await _world.StopAsync(sentAt: DateTimeOffset.Parse(sentAt, System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal(World.Noon, _world.Stops.Find("r", "j", null)!.SentAt);
    }

    [Fact]
    public async Task A_stop_of_the_request_stops_all_its_jobs_and_a_stop_of_another_request_none()
    {
        var runs = new[] { await StartAsync(Scripts.UntilStoppedAsync, jobId: "a"), await StartAsync(Scripts.UntilStoppedAsync, jobId: "b") };

        await _world.StopAsync(jobId: null, requestId: "other");
        await _world.StopAsync(jobId: "", asker: "me");
        await Task.WhenAll(runs);

        Assert.Equal(["a", "b"], _world.Ends.Select(end => end.JobId).Order());
        await Eventually.HoldsAsync("an answer for each", () => _world.Replies.Count == 2);
    }

    [Fact]
    public async Task A_waiting_job_is_stopped_at_once_counts_the_try_it_waited_for_and_is_let_go_when_due()
    {
        var (next, leg) = await _world.ParkAsync();

        await _world.StopAsync(asker: "me");
        await Eventually.HoldsAsync("the asker is answered", () => !_world.Replies.IsEmpty);
        await _world.DeliverAsync(next, leg);

        var end = Assert.Single(_world.Ends);
        Assert.Equal((JobState.Stopped, 2L, 1L, 1L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal("stopped-while-waiting", Assert.Single(_world.Replies).Reply.Outcome);
        Assert.Single(_world.Logs);
        Assert.Equal(0, _world.Repo.Count);
    }

    [Fact]
    public async Task A_waiting_job_whose_parker_is_gone_is_stopped_when_it_is_due()
    {
        await _world.StopAsync(asker: "me");

        await _world.DeliverAsync(World.Command(sentAt: World.Noon, retry: 3, totalTries: 2) with { PrevTries = 2 }, new RunLeg("l9", 2));

        var end = Assert.Single(_world.Ends);
        Assert.Equal((JobState.Stopped, 3L, 2L, 2L), (end.FinalState, end.Tries, end.PrevTries, end.TotalTries));
        Assert.Equal("stopped-while-waiting", Assert.Single(_world.Replies).Reply.Outcome);
    }

    [Fact]
    public async Task A_command_that_comes_after_its_stop_does_not_start_and_a_resume_sent_later_does()
    {
        await _world.StopAsync(sentAt: World.Noon, asker: "me");

        await _world.DeliverAsync(World.Command(sentAt: World.Noon));
        await _world.DeliverAsync(World.Command(sentAt: World.Noon.AddTicks(1)));

        Assert.Equal([JobState.Stopped, JobState.Complete], _world.Ends.Select(end => end.FinalState));
        Assert.Equal("stopped-before-start", Assert.Single(_world.Replies).Reply.Outcome);
        Assert.Equal(1, Assert.Single(_world.Logs).Try);
    }

    [Fact]
    public async Task A_command_sent_at_an_unknown_time_is_stopped()
    {
        await _world.StopAsync();

        await _world.DeliverAsync(World.Command());

        Assert.Equal(JobState.Stopped, Assert.Single(_world.Ends).FinalState);
    }

    [Fact]
    public async Task An_AMQP_timestamp_counts_to_the_end_of_its_second()
    {
        await _world.Get<StopJobConsumer>().Consume(Context.Of(
            new StopJob { RequestId = "r" }, new BasicProperties { Timestamp = new AmqpTimestamp(World.Noon.ToUnixTimeSeconds()) }));

        Assert.NotNull(_world.Stops.Find("r", "j", World.Noon.AddSeconds(1).AddTicks(-1)));
        Assert.Null(_world.Stops.Find("r", "j", World.Noon.AddSeconds(1)));
    }

    [Fact]
    public async Task A_stop_that_says_no_time_counts_from_when_it_was_seen()
    {
        await _world.Get<StopJobConsumer>().Consume(Context.Of(new StopJob { RequestId = "r" }, new BasicProperties { Timestamp = new AmqpTimestamp(253_402_300_799) }));

        Assert.Equal(World.Noon, _world.Stops.Find("r", "j", null)!.SentAt);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public async Task A_stop_without_a_request_stops_nothing_and_is_told_to_the_operator(string requestId)
    {
        await _world.StopAsync(requestId: requestId);

        Assert.Null(_world.Stops.Find(requestId, "j", null));
        Assert.Contains(_world.LogLines, line => line.Message.Contains("requestId is missing or empty", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mark_is_no_stop()
    {
        var (mark, seen) = _world.Get<StopHearing>().NewMark();

        await _world.Get<StopJobConsumer>().Consume(Context.Of(new StopJob { RequestId = "r" }, ("jobrunner-caught-up", mark)));

        Assert.True(seen.IsCompleted);
        Assert.Null(_world.Stops.Find("r", "j", null));
    }

    [Fact]
    public async Task A_note_about_a_settled_leg_is_no_stop()
    {
        await _world.Get<StopJobConsumer>().Consume(Context.Of(new StopJob { RequestId = "r", JobId = "j" }, ("jobrunner-settled", "l1")));

        Assert.True(_world.Stops.IsSettled("l1"));
        await _world.Get<StopJobConsumer>().Consume(Context.Of(new StopJob(), ("jobrunner-settled", "l2,l3")));
        Assert.True(_world.Stops.IsSettled("l2") && _world.Stops.IsSettled("l3"));
        Assert.Null(_world.Stops.Find("r", "j", null));
    }

    private Task<Task> StartAsync(
        Func<JobRunContext, CancellationToken, Task<JobResult>> work, DateTimeOffset? sentAt = null, string jobId = "j") =>
        _world.StartAsync(World.Command(jobId, sentAt: sentAt ?? World.Noon), work);

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
