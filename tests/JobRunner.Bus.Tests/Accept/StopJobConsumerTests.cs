using JobRunner.Bus.Accept;
using JobRunner.Bus.Accept.Stop;
using JobRunner.Bus.Accept.Wait;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Accept;

/// <summary>What a stop does, and to whom.</summary>
public sealed class StopJobConsumerTests : IAsyncDisposable
{
    private readonly World _world = new();

    private static Func<JobRunContext, CancellationToken, Task<JobResult>> UntilStopped => async (_, stop) =>
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, stop);
        return JobResult.Complete();
    };

    [Fact]
    public async Task A_running_job_is_stopped_and_the_asker_answered_once()
    {
        var run = await StartAsync(UntilStopped);

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

    [Fact]
    public async Task A_stop_of_the_request_stops_all_its_jobs_and_a_stop_of_another_request_none()
    {
        var runs = new[] { await StartAsync(UntilStopped, jobId: "a"), await StartAsync(UntilStopped, jobId: "b") };

        await _world.StopAsync(jobId: null, requestId: "other");
        await _world.StopAsync(jobId: "", asker: "me");
        await Task.WhenAll(runs);

        Assert.Equal(["a", "b"], _world.Ends.Select(end => end.JobId).Order());
        await Eventually.HoldsAsync("an answer for each", () => _world.Replies.Count == 2);
    }

    [Fact]
    public async Task A_waiting_job_is_stopped_at_once_counts_the_try_it_waited_for_and_is_let_go_when_due()
    {
        var (next, leg) = await ParkAsync();

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
        var (mark, seen) = _world.Get<CaughtUpMarks>().New();

        await _world.Get<StopJobConsumer>().Consume(Context.Of(new StopJob { RequestId = "r" }, ("jobrunner-caught-up", mark)));

        Assert.True(seen.IsCompleted);
        Assert.Null(_world.Stops.Find("r", "j", null));
    }

    [Fact]
    public async Task A_note_about_a_settled_leg_is_no_stop()
    {
        await _world.Get<StopJobConsumer>().Consume(Context.Of(new StopJob { RequestId = "r", JobId = "j" }, ("jobrunner-settled", "l1")));

        Assert.True(_world.Stops.IsSettled("l1"));
        Assert.Null(_world.Stops.Find("r", "j", null));
    }

    [Fact]
    public async Task A_stop_that_comes_as_the_run_is_made_is_not_lost()
    {
        _world.Try = UntilStopped;
        _world.Making = _ => Assert.True(_world.StopAsync(asker: "me").IsCompleted);

        await _world.DeliverAsync(World.Command(sentAt: World.Noon)).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);

        Assert.Equal(JobState.Stopped, Assert.Single(_world.Ends).FinalState);
        await Eventually.HoldsAsync("the asker is answered", () => !_world.Replies.IsEmpty);
        Assert.Single(_world.Replies);
        Assert.Empty(_world.Logs);
        Assert.Equal(0, _world.Repo.Count);
    }

    [Fact]
    public async Task A_stop_that_comes_as_a_waiting_run_is_taken_up_is_not_lost()
    {
        var (next, leg) = await ParkAsync();
        _world.Try = UntilStopped;
        _world.Making = _ => Assert.True(_world.StopAsync(asker: "me").IsCompleted);

        await _world.DeliverAsync(next, leg).WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);

        var end = Assert.Single(_world.Ends);
        Assert.Equal((JobState.Stopped, 2L), (end.FinalState, end.Tries));
        Assert.Single(_world.Replies);
        Assert.Equal(0, _world.Repo.Count);
    }

    [Fact]
    public async Task A_stop_that_comes_between_a_failed_try_and_its_wait_stops_the_waiting_run()
    {
        _world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        var command = World.Command(retry: 3, retryWait: "1h", sentAt: World.Noon);
        var runner = _world.Get<RunnerFactory>().Make(command);
        var run = new LiveRun(new CommandDelivery(command, World.Noon, RunLeg.First, null), runner);
        Assert.True(_world.Repo.TryAdd(run));
        Assert.Equal(RunEnd.Parked, (await runner.RunAsync()).End);

        await _world.StopAsync(asker: "me");
        Assert.Equal(StopOutcome.MovedOn, (await run.StopAsync()).Outcome);
        var settled = new TaskCompletionSource();
        var parked = new ParkedRun(command, World.Noon, new RunLeg("l1", 1), run.Status(), _world.Get<JobFinishedPublisher>(), _ =>
        {
            settled.SetResult();
            return Task.CompletedTask;
        });
        Assert.True(_world.Repo.TryReplace(run, parked));
        run.MarkOver();

        await settled.Task.WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
        Assert.Equal(JobState.Stopped, Assert.Single(_world.Ends).FinalState);
        await runner.DisposeAsync();
    }

    [Fact]
    public async Task A_stop_that_comes_as_the_run_has_just_ended_is_answered()
    {
        var command = World.Command(sentAt: World.Noon);
        var runner = _world.Get<RunnerFactory>().Make(command);
        Assert.True(_world.Repo.TryAdd(new LiveRun(new CommandDelivery(command, World.Noon, RunLeg.First, null), runner)));
        await runner.RunAsync();
        await runner.DisposeAsync();

        await _world.StopAsync(asker: "me");

        await Eventually.HoldsAsync("the asker is answered", () => !_world.Replies.IsEmpty, TimeSpan.FromSeconds(10));
        Assert.Equal(("already-finished", JobState.Complete), (_world.Replies.Single().Reply.Outcome, _world.Replies.Single().Reply.FinalState));
    }

    [Fact]
    public async Task A_stop_asked_for_twice_ends_the_run_once_and_answers_both()
    {
        var bothAsked = new TaskCompletionSource();
        var run = await StartAsync(async (_, _) =>
        {
            await bothAsked.Task;
            return JobResult.Fail("told to stop");
        });

        await _world.StopAsync(asker: "one");
        await _world.StopAsync(asker: "two");
        bothAsked.SetResult();
        await run;

        Assert.Single(_world.Ends);
        await Eventually.HoldsAsync("both are answered", () => _world.Replies.Count == 2);
        Assert.Equal(["one", "two"], _world.Replies.Select(reply => reply.To.Queue).Order());
    }

    private async Task<Task> StartAsync(
        Func<JobRunContext, CancellationToken, Task<JobResult>> work, DateTimeOffset? sentAt = null, string jobId = "j")
    {
        var started = new TaskCompletionSource();
        _world.Try = (context, stop) =>
        {
            started.TrySetResult();
            return work(context, stop);
        };
        var run = _world.DeliverAsync(World.Command(jobId, sentAt: sentAt ?? World.Noon));
        await started.Task;
        return run;
    }

    private async Task<(RunJob Next, RunLeg Leg)> ParkAsync()
    {
        _world.Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        await _world.DeliverAsync(World.Command(retry: 3, retryWait: "1h", sentAt: World.Noon));
        var (next, leg, _) = Assert.Single(_world.SentOn);
        return (next, leg);
    }

    public ValueTask DisposeAsync() => _world.DisposeAsync();
}
