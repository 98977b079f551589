using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.ChaosTests.Check;
using JobRunner.Bus.ChaosTests.Faults;
using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.ChaosTests.Load;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests;

/// <summary>Real workers on a real broker under load, while things are broken; then the checker looks at what was seen.</summary>
public static class ChaosRun
{
    private const int MostOutstanding = 200;
    private const string Request = "chaosrequest00000000";

    /// <summary>Runs, checks, and leaves the history in its file.</summary>
    public static async Task<ChaosResult> RunAsync(ChaosSettings settings, Action<string> tell)
    {
        ArgumentNullException.ThrowIfNull(settings);
        ArgumentNullException.ThrowIfNull(tell);
        Directory.CreateDirectory(settings.WorkerLogs);
        using var history = new Recording(settings.HistoryPath);
        await using var node = await RabbitMqNode.StartAsync(settings.Broker);
        await using var manager = await StubRequestManager.StartAsync();
        manager.Records = false;
        await using var target = await Target.StartAsync(history);
        var workers = new List<WorkerPlace>();
        try
        {
            // The first one makes the queues and streams.
            workers.Add(await WorkerPlace.StartAsync(0, node.UriOf("/"), SettingsFor(settings, manager), history, settings));
            var old = RabbitMqNode.StreamsOutliveAKillAsync();
            workers.AddRange(await Task.WhenAll(Enumerable.Range(1, settings.Workers - 1)
                .Select(place => WorkerPlace.StartAsync(place, node.UriOf("/"), SettingsFor(settings, manager), history, settings))));
            await using var scheduler = await Scheduler.StartAsync(node.UriOf("/"), history, target, Request);
            var faults = new FaultRunner(node, workers, manager, scheduler, history, settings);
            manager.Decide = request =>
            {
                var log = Wire.Deserialize<JobLogRecorded>(request.Body.Span);
                history.Add(new LogPosted(DateTimeOffset.UtcNow, log.JobId, log.Try, (int)log.State, LogContent.Of(log)));
                return faults.AnswerNow();
            };
            await old;
            await BreakUnderLoadAsync(settings, scheduler, faults, tell);
            await EndAsync(settings, scheduler, manager, history, node, tell);
        }
        finally
        {
            foreach (var worker in workers)
            {
                await worker.DisposeAsync();
            }
        }

        var events = history.Events;
        return new ChaosResult(events, HistoryChecker.Check(events));
    }

    private static Dictionary<string, string> SettingsFor(ChaosSettings settings, StubRequestManager manager) => new()
    {
        ["JobRunner__RequestManager__BaseUrl"] = manager.BaseUrl,
        ["JobRunner__Report__RedeliverAfter"] = "1s,2s,5s",
        ["JobRunner__Worker__Lease"] = Seconds(settings.Lease),
        ["JobRunner__Worker__Slots"] = "12",
        ["JobRunner__Worker__DrainTimeout"] = Seconds(settings.DrainTimeout),
        // That many kills in one try are the faults', not the job's.
        ["JobRunner__Worker__CrashBudget"] = "1000",
    };

    private static string Seconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds}s");

    private static async Task BreakUnderLoadAsync(ChaosSettings settings, Scheduler scheduler, FaultRunner faults, Action<string> tell)
    {
        var clock = Stopwatch.StartNew();
        using var over = new CancellationTokenSource(settings.Lasts);
        var load = LoadAsync(settings.Seed, scheduler, over.Token);
        var told = TimeSpan.Zero;
        var broken = 0;
        foreach (var fault in settings.Faults)
        {
            await Task.Delay(fault.Pause, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested)
            {
                break;
            }

            var done = faults.Inject(fault);
            while (!done && settings.Insists && !over.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100), over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                done = faults.Inject(fault);
            }

            broken += done ? 1 : 0;
            if (clock.Elapsed - told > TimeSpan.FromSeconds(15))
            {
                told = clock.Elapsed;
                tell($"{clock.Elapsed:hh\\:mm\\:ss}: {scheduler.Sent} jobs sent, {scheduler.Outstanding} not over, {broken} faults");
            }
        }

        if (settings.Insists)
        {
            await faults.MendedAsync();
            over.CancelAfter(TimeSpan.FromSeconds(3));
        }

        await load;
        await faults.MendedAsync();
    }

    private static async Task LoadAsync(int seed, Scheduler scheduler, CancellationToken over)
    {
        foreach (var job in Population.Of(seed))
        {
            await Eventually.HoldsAsync(
                "there is room for a job", () => scheduler.Outstanding < MostOutstanding || over.IsCancellationRequested, Timeout.InfiniteTimeSpan);

            if (over.IsCancellationRequested)
            {
                return;
            }

            await scheduler.SendAsync(job);
        }
    }

    private static async Task EndAsync(
        ChaosSettings settings, Scheduler scheduler, StubRequestManager manager, Recording history, RabbitMqNode node, Action<string> tell)
    {
        tell($"all is mended; {scheduler.Outstanding} jobs are not over");
        // A run that does not end is for the checker to tell, and so is what is left.
        await TryWaitAsync(() => Task.FromResult(scheduler.Outstanding == 0), settings.Patience);
        var leftovers = new Leftovers(node);
        await TryWaitAsync(async () => (await leftovers.CountAsync()).Count == 0, TimeSpan.FromSeconds(45));
        foreach (var row in manager.Rows)
        {
            history.Add(new LogStored(DateTimeOffset.UtcNow, row.JobId, row.Try, (int)row.State, LogContent.Of(row)));
        }

        foreach (var left in await leftovers.ReadAsync())
        {
            history.Add(left);
        }
    }

    private static async Task TryWaitAsync(Func<Task<bool>> condition, TimeSpan within)
    {
        try
        {
            await Eventually.HoldsAsync("what should hold", condition, within);
        }
        catch (TimeoutException)
        {
            // Left to the checker.
        }
    }
}
