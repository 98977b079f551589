using System.Collections.Concurrent;
using System.Diagnostics;
using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.Record;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.TestKit;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using RabbitMQ.Client;

namespace JobRunner.Bus.Tests.Runs;

/// <summary>What accepts commands and stops, on a bus, a relay and jobs that are told what to do. Time stands until told.</summary>
internal sealed class World : IRunRelay, IReplies, IJobLogSink, IOutlet, IJobFactory, IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly ServiceProvider _services;

    public World(WorkerOptions? options = null, ILeases? leases = null, params IReadOnlyList<JournalEntry> journal)
    {
        options ??= new WorkerOptions { ParkWaitsOver = TimeSpan.Zero };
        var services = new ServiceCollection()
            .AddFakeLogging()
            .AddMetrics()
            .AddSingleton<WorkerReadiness>()
            .AddSingleton<WorkerMetrics>()
            .AddSingleton<TimeProvider>(Time)
            .AddSingleton<IJobFactory>(this)
            .AddSingleton<IJobLogSink>(this)
            .AddSingleton<IRunRelay>(this)
            .AddSingleton<IReplies>(this)
            .AddSingleton(Options.Create(options))
            .AddSingleton(new RunnerOptions { StopTimeout = options.StopTimeout, ParkWaitsOver = options.ParkWaitsOver })
            .AddSingleton(new TrySlots(options.Slots))
            .AddSingleton(Fake.Of<IHostApplicationLifetime>(("get_ApplicationStopped", _ => Stopped.Token)))
            .AddSingleton<IOutlet>(this)
            .AddMetrics()
            .AddSingleton<WorkerMetrics>()
            .AddSingleton<IStopNotes, InMemoryStopNotes>()
            .AddSingleton<WorkerName>()
            .AddSingleton<WorkerDrain>()
            .AddSingleton<DrainSignal>()
            .AddSingleton<RunClaims>()
            .AddSingleton<ILeases>(provider => leases ?? ActivatorUtilities.CreateInstance<NoLeases>(provider))
            .AddSingleton<RunDispatcher>()
            .AddSingleton<CrashResumer>()
            .AddSingleton(Fake.Of<IJobJournal>((nameof(IJobJournal.ReadAsync), _ => Task.FromResult(journal)), (nameof(IJobJournal.KeepStartAsync), _ => Task.CompletedTask), (nameof(IJobJournal.DeliverAsync), _ => Task.CompletedTask)))
            .AddSingleton<RunStarter>()
            .AddSingleton<StopBook>()
            .AddSingleton<StopHearing>()
            .AddSingleton<StopSilence>()
            .AddSingleton<TimelessStops>()
            .AddSingleton<StoppedCommands>()
            .AddSingleton<StopReplies>()
            .AddSingleton<UntilAccepted>()
            .AddSingleton<JobFinishedPublisher>()
            .AddSingleton<RunEndPublisher>()
            .AddSingleton<StopJobConsumer>();
        services.AddRunners();
        _services = services.BuildServiceProvider(validateScopes: true);
    }

    public FakeTimeProvider Time { get; } = new(Noon);

    /// <summary>Fires when the process has ended its work.</summary>
    public CancellationTokenSource Stopped { get; } = new();

    public RunnerRepo Repo => Get<RunnerRepo>();

    public StopBook Stops => Get<StopBook>();

    public ConcurrentQueue<JobFinished> Ends { get; } = new();

    public ConcurrentQueue<JobLogRecorded> Logs { get; } = new();

    public ConcurrentQueue<(ReplyAddress To, StopJobReply Reply)> Replies { get; } = new();

    /// <summary>What went on as a leg of its run: whoever gets it treats it as fresh.</summary>
    public ConcurrentQueue<(RunJob Next, RunLeg Leg, TimeSpan Wait)> SentOn { get; } = new();

    /// <summary>What went back as it came: whoever gets it treats it as delivered before.</summary>
    public ConcurrentQueue<(CommandDelivery Delivery, TimeSpan Wait)> Requeued { get; } = new();

    /// <summary>What the try of a job does; completes unless told otherwise.</summary>
    public Func<JobRunContext, CancellationToken, Task<JobResult>> Try { get; set; } = (_, _) => Task.FromResult(JobResult.Complete());

    /// <summary>What happens as a job is made, after its command was checked and before its run is held.</summary>
    public Action<Job> Making { get; set; } = _ => { };

    /// <summary>What happens before anything is taken by the bus, the store or the relay.</summary>
    public Func<Task> Taking { get; set; } = () => Task.CompletedTask;

    /// <summary>What becomes of a run sent on; it is only noted unless told otherwise.</summary>
    public Action<RunJob, RunLeg, TimeSpan> Relay { get; set; } = (_, _, _) => { };

    public IReadOnlyList<FakeLogRecord> LogLines => _services.GetFakeLogCollector().GetSnapshot();

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static RunJob Command(string jobId = "j", long retry = 0, string? retryWait = null, DateTimeOffset? sentAt = null, long totalTries = 0) => new()
    {
        RequestId = "r",
        Job = new Job { Id = jobId, Type = "told", Retry = retry, RetryWait = retryWait },
        SentAt = sentAt,
        TotalTries = totalTries,
    };

    /// <summary>Delivers a command, by default straight from its scheduler.</summary>
    public Task DeliverAsync(RunJob command, RunLeg? leg = null, DateTimeOffset? dueAt = null, CancellationToken lost = default) =>
        Get<RunDispatcher>().RunAsync(new CommandDelivery(command, command.SentAt, leg ?? RunLeg.First, dueAt), lost);

    /// <summary>Delivers a stop; whoever is named by <paramref name="asker"/> wants an answer.</summary>
    public Task StopAsync(string? jobId = "j", DateTimeOffset? sentAt = null, string? asker = null, string requestId = "r") =>
        Get<StopJobConsumer>().Consume(Context.Of(
            new StopJob { RequestId = requestId, JobId = jobId, SentAt = sentAt ?? Time.GetUtcNow() },
            asker is null ? new BasicProperties() : new BasicProperties { ReplyTo = asker }));

    /// <summary>Delivers a command and waits until its try runs.</summary>
    public async Task<Task> StartAsync(RunJob command, Func<JobRunContext, CancellationToken, Task<JobResult>> work, CancellationToken lost = default)
    {
        var started = new TaskCompletionSource();
        Try = (context, stop) =>
        {
            started.TrySetResult();
            return work(context, stop);
        };
        var run = DeliverAsync(command, lost: lost);
        await started.Task;
        return run;
    }

    /// <summary>Parks a run for an hour after its first try; returns what comes back when it is due.</summary>
    public async Task<(RunJob Next, RunLeg Leg)> ParkAsync()
    {
        Try = (_, _) => Task.FromResult(JobResult.Fail("again"));
        await DeliverAsync(Command(retry: 3, retryWait: "1h", sentAt: Noon));
        var (next, leg, _) = Assert.Single(SentOn);
        return (next, leg);
    }

    /// <summary>Checks that room was neither leaked nor given back twice: exactly that many runs fit.</summary>
    public async Task AssertAllRoomIsFreeAsync(int room)
    {
        Assert.Equal(0, Repo.Count);
        var go = new TaskCompletionSource();
        Try = async (_, _) =>
        {
            await go.Task;
            return JobResult.Complete();
        };
        var runs = Enumerable.Range(0, room).Select(number => DeliverAsync(Command($"room{number}", sentAt: Time.GetUtcNow().AddSeconds(20)))).ToList();
        await Eventually.HoldsAsync("all room is taken", () => Repo.Count == room);

        // Would be held by the time this returns, if there were room for it.
        runs.Add(DeliverAsync(Command("one more", sentAt: Time.GetUtcNow().AddSeconds(20))));
        Assert.Equal(room, Repo.Count);
        go.SetResult();
        await Task.WhenAll(runs);
    }

    async Task IRunRelay.RequeueAsync(CommandDelivery delivery, TimeSpan wait)
    {
        await Taking();
        Requeued.Enqueue((delivery, wait));
        Relay(delivery.Command, delivery.Leg, wait);
    }

    async Task IRunRelay.SendOnAsync(RunJob next, RunLeg leg, TimeSpan wait, CancellationToken abandoned)
    {
        await Taking();
        SentOn.Enqueue((next, leg, wait));
        Relay(next, leg, wait);
    }

    Task IReplies.SendAsync<T>(ReplyAddress to, T answer)
    {
        Replies.Enqueue((to, (StopJobReply)(object)answer!));
        return Task.CompletedTask;
    }

    async Task IJobLogSink.RecordAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        await Taking();
        Logs.Enqueue(log);
    }

    MadeJob IJobFactory.Make(Job job)
    {
        Making(job);
        return new MadeJob(new ToldJob(this), null);
    }

    async Task IOutlet.LogAsync(JobLogRecorded log, CancellationToken cancellationToken)
    {
        await Taking().WaitAsync(cancellationToken);
        Logs.Enqueue(log);
    }

    async Task IOutlet.FinishedAsync(RunEndNews end, CancellationToken cancellationToken)
    {
        await Taking().WaitAsync(cancellationToken);
        Ends.Enqueue(end.Finished);
    }

    (Task Logged, Task Told) IOutlet.Both(
        JobLogRecorded log, ActivityContext logTrace, RunEndNews end, ActivityContext endTrace, CancellationToken cancellationToken)
    {
        var logged = ((IOutlet)this).LogAsync(log, cancellationToken);
        return (logged, TellAfterAsync(logged, end, cancellationToken));
    }

    private async Task TellAfterAsync(Task logged, RunEndNews end, CancellationToken cancellationToken)
    {
        await logged;
        await ((IOutlet)this).FinishedAsync(end, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        Stopped.Dispose();
        return _services.DisposeAsync();
    }

    private sealed class ToldJob(World world) : IJob
    {
        public Task<JobResult> RunAsync(JobRunContext context, CancellationToken stopToken) => world.Try(context, stopToken);
    }
}
