using System.Diagnostics;
using JobRunner.Bus.ChaosTests.Check;
using JobRunner.Bus.ChaosTests.Faults;
using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.ChaosTests.Load;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests;

/// <summary>How to run.</summary>
/// <param name="Seed">Decides the jobs and the faults. When what happens is up to the machine.</param>
/// <param name="Lasts">How long jobs are sent and things are broken; what is open then has five minutes to end.</param>
/// <param name="Workers">How many workers.</param>
/// <param name="Kinds">What is broken.</param>
/// <param name="HistoryPath">Where the history goes.</param>
public sealed record ChaosSettings(int Seed, TimeSpan Lasts, int Workers, IReadOnlyList<FaultKind> Kinds, string HistoryPath);

/// <summary>What came of a run.</summary>
/// <param name="Summary">Figures, for people.</param>
/// <param name="Violations">Rules that did not hold.</param>
/// <param name="WorkerOutput">What the workers wrote.</param>
public sealed record ChaosResult(string Summary, IReadOnlyList<Violation> Violations, string WorkerOutput);

/// <summary>Real workers on a real broker under load, while things are broken; then the checker looks at what was seen.</summary>
public static class ChaosRun
{
    private const int MostOutstanding = 120;

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    /// <summary>Runs, checks, and leaves the history in its file.</summary>
    public static async Task<ChaosResult> RunAsync(ChaosSettings settings, Action<string> tell)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(tell);
        tell($"seed {settings.Seed}, {settings.Lasts}, {settings.Workers} workers, {string.Join(", ", settings.Kinds)}; history in {settings.HistoryPath}");
        using var history = new Recording(settings.HistoryPath);
        var underWay = new TriesUnderWay();
        await using var node = await RabbitMqNode.StartAsync();
        await using var manager = await StubRequestManager.StartAsync();
        manager.Records = false;
        await using var target = await Target.StartAsync(history, underWay);
        var workers = new List<ChaosWorker>();
        try
        {
            for (var number = 0; number < settings.Workers; number++)
            {
                workers.Add(await ChaosWorker.StartAsync(node.UriOf("/"), SettingsFor(manager)));
            }

            const string Request = "chaosrequest00000000";
            await using var scheduler = await Scheduler.StartAsync(node.UriOf("/"), history, target, underWay, Request);
            // RabbitMQ 3.10 loses a stream whose node is killed within about a second of its declaration.
            await Task.Delay(TimeSpan.FromSeconds(4));
            await BreakUnderLoadAsync(settings, scheduler, new FaultRunner(node, workers, manager, scheduler, underWay, history, Lease), tell);
            await EndAsync(scheduler, manager, history, node);
            var events = history.Events;
            return new ChaosResult(
                Summary(settings, events), HistoryChecker.Check(events), string.Join("\n=====\n", workers.Select(worker => worker.Output)));
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }
    }

    private static Dictionary<string, string> SettingsFor(StubRequestManager manager) => new()
    {
        ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl,
        ["JobRunner__Worker__Lease"] = $"{Lease.TotalSeconds}s",
        ["JobRunner__Worker__Slots"] = "12",
        ["JobRunner__Worker__DrainTimeout"] = "1s",
        // That many kills in one try are the faults', not the job's.
        ["JobRunner__Worker__CrashBudget"] = "1000",
    };

    private static async Task BreakUnderLoadAsync(ChaosSettings settings, Scheduler scheduler, FaultRunner faults, Action<string> tell)
    {
        var clock = Stopwatch.StartNew();
        using var over = new CancellationTokenSource(settings.Lasts);
        var load = LoadAsync(settings.Seed, scheduler, over.Token);
        var told = TimeSpan.Zero;
        var broken = 0;
        foreach (var fault in FaultPlan.Of(settings.Seed, settings.Kinds))
        {
            await Task.Delay(fault.Pause, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
            {
                break;
            }

            broken += await faults.InjectAsync(fault) ? 1 : 0;
            if (clock.Elapsed - told > TimeSpan.FromSeconds(15))
            {
                told = clock.Elapsed;
                tell($"{clock.Elapsed:mm\\:ss}: {scheduler.Sent} jobs, {scheduler.Outstanding} runs open, {broken} faults");
            }
        }

        await load;
        await faults.MendedAsync();
    }

    private static async Task LoadAsync(int seed, Scheduler scheduler, CancellationToken over)
    {
        foreach (var job in Population.Of(seed))
        {
            while (scheduler.Outstanding >= MostOutstanding && !over.IsCancellationRequested)
            {
                await Task.Delay(20, CancellationToken.None);
            }

            if (over.IsCancellationRequested)
            {
                return;
            }

            await scheduler.SendAsync(job);
        }
    }

    private static async Task EndAsync(Scheduler scheduler, StubRequestManager manager, Recording history, RabbitMqNode node)
    {
        // A run that does not end is for the checker to tell.
        await TryWaitAsync(() => scheduler.Outstanding == 0, TimeSpan.FromMinutes(5));
        await TryWaitAsync(
            () => history.Events.OfType<LogPublished>().Select(log => (log.Job, log.Try)).Distinct().Count() <= manager.Rows.Count, TimeSpan.FromMinutes(1));
        foreach (var row in manager.Rows)
        {
            history.Add(new LogStored(DateTimeOffset.UtcNow, row.JobId, row.Try));
        }

        await using var client = await PlainClient.ConnectAsync(node.UriOf("/"));
        foreach (var queue in new[] { "run-job_error", "job-log-recorded_error" })
        {
            while (await client.GetAsync(queue) is { } message)
            {
                history.Add(new LeftInErrorQueue(DateTimeOffset.UtcNow, queue, $"{message.Header("MT-Fault-Message")}: {message.Body}"));
            }
        }
    }

    private static async Task TryWaitAsync(Func<bool> condition, TimeSpan within)
    {
        var clock = Stopwatch.StartNew();
        while (!condition() && clock.Elapsed < within)
        {
            await Task.Delay(50);
        }
    }

    private static string Summary(ChaosSettings settings, IReadOnlyList<HistoryEvent> events)
    {
        var faults = events.OfType<FaultInjected>().GroupBy(fault => fault.Kind, StringComparer.Ordinal).OrderBy(kind => kind.Key, StringComparer.Ordinal);
        return $"""
            seed {settings.Seed}: {events.OfType<RunSent>().Count(run => run.Run == 1)} jobs, {events.OfType<RunSent>().Count(run => run.Run == 2)} resumes, {events.OfType<StopSent>().Count()} stops ({events.OfType<StopAnswered>().Count()} answered)
            {events.OfType<TryStarted>().Count()} tries started, {events.OfType<LogPublished>().Select(log => (log.Job, log.Try)).Distinct().Count()} logs, {HistoryChecker.TriesWithoutLog(events)} tries run again, {events.OfType<FaultInjected>().Sum(fault => fault.TriesUnderWay)} were under way at faults
            ends told more than once: {events.OfType<JobEnded>().Count() - events.OfType<JobEnded>().DistinctBy(end => (end.Job, end.Body)).Count()}
            faults: {string.Join(", ", faults.Select(kind => $"{kind.Key} {kind.Count()}"))}
            """;
    }
}
