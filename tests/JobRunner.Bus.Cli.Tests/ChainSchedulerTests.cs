using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Time.Testing;

namespace JobRunner.Bus.Cli.Tests;

public sealed class ChainSchedulerTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    private readonly FakeTimeProvider _time = new(Chains.Noon);
    private readonly RecordingObserver _observer = new();

    [Fact]
    public async Task A_chain_runs_to_its_end_in_order()
    {
        await using var bus = new FakeSchedulerBus(_ => RunEnd.Complete);

        var result = Assert.Single(await RunAsync(bus, Chains.Of("a b c; a>c b>c")));

        Assert.Equal(("req", JobState.Complete), (result.RequestId, result.State));
        Assert.Equal("a b c", string.Join(' ', bus.Sent.Select(command => command.Job.Id)));
        Assert.All(result.Jobs, job => Assert.Empty(Assert.Single(job.Tries).Stdout));
        var happenings = _observer.Happenings.ToList();
        Assert.Equal(["> a", "> b"], happenings[..2]);
        Assert.Equal(["> c", "log c 1", "= c Complete"], happenings[^3..]);
        Assert.All(["a", "b"], id => Assert.True(happenings.IndexOf($"log {id} 1") < happenings.IndexOf($"= {id} Complete")));
    }

    [Fact]
    public async Task Each_command_says_when_it_was_sent_and_no_two_at_the_same_time()
    {
        await using var bus = new FakeSchedulerBus(_ => RunEnd.Complete);

        await RunAsync(bus, Chains.Of("a b c; a>b"));

        var times = bus.Sent.Select(command => command.SentAt!.Value).ToList();
        Assert.Equal(Chains.Noon, times[0]);
        Assert.Equal(times.Order().Distinct(), times);
    }

    [Fact]
    public async Task Job_data_is_handed_on()
    {
        await using var bus = new FakeSchedulerBus(command => new RunEnd(JobState.Complete) { Write = data => data[command.Job.Id] = command.Job.Name });

        var result = Assert.Single(await RunAsync(bus, Chains.Of("a b; a>b")));

        Assert.Equal("""{"a":"job-a"}""", bus.Sent[1].JobData.ToJsonString());
        Assert.Equal("""{"a":"job-a","b":"job-b"}""", result.Jobs[1].JobData.ToJsonString());
    }

    [Fact]
    public async Task Tries_errors_and_jobs_not_run_are_in_the_result()
    {
        await using var bus = new FakeSchedulerBus(command => command.Job.Id == "a"
            ? new RunEnd(JobState.Fail, Tries: 3)
            : new RunEnd(JobState.Fail, Tries: 0, Error: "refused"));

        var result = Assert.Single(await RunAsync(bus, Chains.Of("a b c; a>c")));

        Assert.Equal(JobState.Fail, result.State);
        Assert.Equal([1, 2, 3], result.Jobs[0].Tries.Select(log => log.Try));
        Assert.Equal(("refused", JobState.Fail), (result.Jobs[1].Error, result.Jobs[1].FinalState));
        Assert.Equal(JobState.Pending, result.Jobs[2].FinalState);
    }

    [Fact]
    public async Task Several_requests_run_side_by_side()
    {
        await using var bus = new FakeSchedulerBus(command => command.RequestId == "req" ? RunEnd.Complete : RunEnd.Fail);
        var other = new TrackedChain(Chains.Parse("""{"requestId":"other","job":{"id":"a","type":"t"}}"""));

        var results = await RunAsync(bus, Chains.Of("a"), other);

        Assert.Equal(["req Complete", "other Fail"], results.Select(result => $"{result.RequestId} {result.State}"));
    }

    [Fact]
    public async Task A_sequence_retry_waits_by_the_clock()
    {
        await using var bus = new FakeSchedulerBus(command => command.TotalTries == 0 ? RunEnd.Fail : RunEnd.Complete);
        var run = RunAsync(bus, Chains.Of("a", job => job with { SequenceRetry = 1, SequenceRetryWait = "1h" }));

        await UntilAsync(() => _observer.Happenings.Contains("> a after 01:00:00"));
        _time.Advance(TimeSpan.FromMinutes(59));
        Assert.Single(bus.Sent);
        _time.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal(JobState.Complete, Assert.Single(await run.WaitAsync(Deadline, TestContext.Current.CancellationToken)).State);
        Assert.Equal(2, bus.Sent.Count);
        Assert.Equal(Chains.Noon.AddHours(1), bus.Sent[1].SentAt);
    }

    [Fact]
    public async Task A_wait_longer_than_any_timer_is_kept()
    {
        await using var bus = new FakeSchedulerBus(command => command.TotalTries == 0 ? RunEnd.Fail : RunEnd.Complete);
        var run = RunAsync(bus, Chains.Of("a", job => job with { SequenceRetry = 1, SequenceRetryWait = "2400h" }));
        await UntilAsync(() => _observer.Happenings.Contains("> a after 100.00:00:00"));

        for (var day = 0; day < 99; day++)
        {
            _time.Advance(TimeSpan.FromDays(1));
        }

        Assert.Single(bus.Sent);
        await UntilAsync(() =>
        {
            _time.Advance(TimeSpan.FromDays(1));
            return run.IsCompleted;
        });
        Assert.Equal(2, bus.Sent.Count);
    }

    [Fact]
    public async Task A_stop_stops_what_runs_and_waits_for_the_results()
    {
        using var stop = new CancellationTokenSource();
        await using var bus = new FakeSchedulerBus(command => command.Job.Id == "a" ? RunEnd.Complete : null) { OnStuck = _ => stop.Cancel() };

        var result = Assert.Single(await RunAsync(bus, stop.Token, Chains.Of("a b c; a>b b>c")));

        var command = Assert.Single(bus.Stops);
        Assert.Equal(("req", null), (command.RequestId, command.JobId));
        Assert.True(command.SentAt > bus.Sent[^1].SentAt);
        Assert.Equal(JobState.Stopped, result.State);
        Assert.Equal([JobState.Complete, JobState.Stopped, JobState.Pending], result.Jobs.Select(job => job.FinalState));
        Assert.Contains("stopping req", _observer.Happenings);
    }

    [Fact]
    public async Task A_stop_during_a_sequence_wait_needs_no_worker()
    {
        using var stop = new CancellationTokenSource();
        await using var bus = new FakeSchedulerBus(_ => RunEnd.Fail);
        var run = RunAsync(bus, stop.Token, Chains.Of("a", job => job with { SequenceRetry = 1, SequenceRetryWait = "1h" }));
        await UntilAsync(() => _observer.Happenings.Contains("> a after 01:00:00"));

        await stop.CancelAsync();

        Assert.Equal(JobState.Stopped, Assert.Single(await run.WaitAsync(Deadline, TestContext.Current.CancellationToken)).State);
        Assert.Empty(bus.Stops);
    }

    [Fact]
    public async Task A_stop_before_the_start_sends_nothing()
    {
        await using var bus = new FakeSchedulerBus(_ => RunEnd.Complete);

        var result = Assert.Single(await RunAsync(bus, new CancellationToken(canceled: true), Chains.Of("a")));

        Assert.Equal((JobState.Stopped, 0), (result.State, bus.Sent.Count));
    }

    [Fact]
    public async Task Without_logs_the_result_comes_all_the_same()
    {
        await using var bus = new FakeSchedulerBus(_ => RunEnd.Complete, sendsLogs: false);

        var result = Assert.Single(await RunAsync(bus, Chains.Of("a")));

        Assert.Equal((JobState.Complete, 0), (result.State, result.Jobs[0].Tries.Count));
    }

    [Fact]
    public async Task Late_logs_are_waited_for_only_so_long()
    {
        await using var bus = new FakeSchedulerBus(_ => null)
        {
            OnStuck = self => self.Publish(new JobFinished { RequestId = "req", JobId = "a", FinalState = JobState.Complete, Tries = 1, TotalTries = 1 }),
        };
        var run = RunAsync(bus, Chains.Of("a"));
        await UntilAsync(() => _observer.Happenings.Contains("= a Complete"));

        await UntilAsync(() =>
        {
            _time.Advance(ChainScheduler.LogGrace);
            return run.IsCompleted;
        });

        Assert.Equal(JobState.Complete, Assert.Single(await run).State);
    }

    [Fact]
    public async Task Results_and_logs_of_others_are_left_alone()
    {
        await using var bus = new FakeSchedulerBus(_ => RunEnd.Complete);
        bus.Publish(new JobFinished { RequestId = "other", JobId = "a", FinalState = JobState.Fail });

        var result = Assert.Single(await RunAsync(bus, Chains.Of("a")));

        Assert.Equal(JobState.Complete, result.State);
    }

    [Fact]
    public async Task A_lost_bus_ends_the_run_and_says_why()
    {
        await using var bus = new FakeSchedulerBus(_ => null) { OnStuck = self => self.Lose(new IOException("cable cut")) };

        var error = await Assert.ThrowsAsync<SchedulerBusException>(() => RunAsync(bus, Chains.Of("a")));

        Assert.Equal("the bus is lost: cable cut; jobs already sent go on without this process", error.Message);
    }

    [Fact]
    public async Task Ten_thousand_independent_jobs_run()
    {
        await using var bus = new FakeSchedulerBus(_ => RunEnd.Complete);
        var ids = Enumerable.Range(0, 10_000).Select(i => $"j{i}").ToList();
        var chain = new TrackedChain(Chains.Request(ids, new Dictionary<string, IReadOnlyList<string>>()));

        Assert.Equal(JobState.Complete, Assert.Single(await RunAsync(bus, chain)).State);
    }

    private Task<IReadOnlyList<RequestResult>> RunAsync(ISchedulerBus bus, params TrackedChain[] chains) =>
        RunAsync(bus, CancellationToken.None, chains);

    private Task<IReadOnlyList<RequestResult>> RunAsync(ISchedulerBus bus, CancellationToken stop, params TrackedChain[] chains) =>
        new ChainScheduler(bus, _time, _observer).RunAsync(chains, stop).WaitAsync(Deadline, TestContext.Current.CancellationToken);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!condition())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private sealed class RecordingObserver : IRunObserver
    {
        private readonly System.Collections.Concurrent.ConcurrentQueue<string> _happenings = new();

        public IReadOnlyCollection<string> Happenings => _happenings;

        public void Launched(TrackedChain chain, Launch launch) =>
            _happenings.Enqueue($"> {launch.Command.Job.Id}{(launch.Wait > TimeSpan.Zero ? $" after {launch.Wait}" : "")}");

        public void Logged(TrackedChain chain, JobLogRecorded log) => _happenings.Enqueue($"log {log.JobId} {log.Try}");

        public void Finished(TrackedChain chain, JobFinished result) => _happenings.Enqueue($"= {result.JobId} {result.FinalState}");

        public void Stopping(TrackedChain chain) => _happenings.Enqueue($"stopping {chain.RequestId}");
    }
}
