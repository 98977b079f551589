using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests.Report;

/// <summary>
/// Figures for the docs: they assert that nothing is lost, and print how long it took. Small in every run; the environment
/// makes them as large as the docs tell.
/// </summary>
public sealed class Measurements(Broker broker)
{
    private static readonly Dictionary<string, string> Quiet = new()
    {
        ["Logging__LogLevel__JobRunner.Bus"] = "Warning",
        ["Logging__LogLevel__JobRunner.Bus.Delivery.RequestManager"] = "Error",
        ["Logging__LogLevel__JobRunner.Bus.Hosting.WorkerIntake"] = "Information",
    };

    /// <summary><c>JOBRUNNER_TEST_OUTAGE</c>: seconds.</summary>
    [Fact]
    public async Task An_outage_in_real_time_under_50_jobs_a_second()
    {
        var outage = TimeSpan.FromSeconds(Scale.Of("JOBRUNNER_TEST_OUTAGE", 3));
        await using var stage = await Stage.SetAsync(broker, Quiet);
        var arrivals = new ConcurrentDictionary<string, DateTimeOffset>();
        stage.RequestManager.Records = false;
        stage.RequestManager.Decide = call =>
        {
            arrivals.TryAdd(LogFeed.JobIdIn(call.Body.Span), TimeProvider.System.GetUtcNow());
            return null;
        };
        var request = Stage.NewRequestId();
        var sent = 0;
        using var load = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        await RunAsync(TimeSpan.FromSeconds(1));
        var before = stage.Worker.ResidentBytes;
        await stage.RequestManager.GoDownAsync();
        await RunAsync(outage);
        await stage.RequestManager.ComeUpAsync();
        var returned = TimeProvider.System.GetUtcNow();
        await RunAsync(outage / 2 < TimeSpan.FromSeconds(10) ? outage / 2 : TimeSpan.FromSeconds(10));
        await Eventually.HoldsAsync(() => $"{sent} logs; {stage.RequestManager.Rows.Count} came", () => stage.RequestManager.Rows.Count == sent, TimeSpan.FromMinutes(2));

        var late = stage.RequestManager.Rows.Select(row => new { Ended = DateTimeOffset.UnixEpoch.AddTicks(row.FinishedAt / 100), At = arrivals[row.JobId] }).ToList();
        var backlog = late.Where(log => log.Ended < returned && log.At > returned).Select(log => log.At - returned).Order().ToList();
        var after = late.Where(log => log.Ended >= returned).Select(log => log.At - log.Ended).Order().ToList();
        Say($"outage {outage}, {sent} jobs, worker resident {before >> 20} MiB before, {stage.Worker.ResidentBytes >> 20} MiB after");
        Say($"backlog of {backlog.Count}: first {Ms(backlog[0])} after the return, p50 {Ms(At(backlog, 50))}, p99 {Ms(At(backlog, 99))}, last {Ms(backlog[^1])}");
        Say($"{after.Count} logs of tries after the return: p50 {Ms(At(after, 50))}, p99 {Ms(At(after, 99))} after the end of their try");
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));

        async Task RunAsync(TimeSpan time)
        {
            var started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started) < time)
            {
                await load.WaitForNextTickAsync();
                await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","job":{"id":"{{LogFeed.JobIdOf(sent++)}}","type":"noop"} }""");
            }
        }
    }

    /// <summary><c>JOBRUNNER_TEST_WAITING</c>: logs.</summary>
    [Fact]
    public async Task Memory_of_a_worker_while_many_logs_wait()
    {
        var count = Scale.Of("JOBRUNNER_TEST_WAITING", 2_000);
        await using var stage = await Stage.SetAsync(broker, Quiet);
        stage.RequestManager.Records = false;
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        await feed.SendAsync(100);
        await Eventually.HoldsAsync("a first few", () => stage.RequestManager.Rows.Count == 100);
        await stage.RequestManager.GoDownAsync();
        await feed.SendAsync(100);
        await Settle();
        var few = stage.Worker.ResidentBytes;
        await feed.SendAsync(count);
        await Settle();
        Say($"worker resident {few >> 20} MiB with 100 logs waiting, {stage.Worker.ResidentBytes >> 20} MiB with {count}");
        var started = Stopwatch.GetTimestamp();
        await stage.RequestManager.ComeUpAsync();
        await Eventually.HoldsAsync(
            () => $"{feed.Count} logs; {stage.RequestManager.RowCount} came", () => stage.RequestManager.RowCount == feed.Count, TimeSpan.FromMinutes(30));
        Say($"drained in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s; worker resident {stage.Worker.ResidentBytes >> 20} MiB");
        Assert.Equal(0u, await stage.Client.CountAsync("job-log-recorded_error"));

        Task Settle() => Task.Delay(TimeSpan.FromMilliseconds(Math.Min(15_000, count / 10)), TimeProvider.System);
    }

    /// <summary>
    /// Delivered logs a second, beside a loop that does nothing but post them. <c>JOBRUNNER_TEST_POSTS</c>: logs in each of three
    /// rounds.
    /// </summary>
    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    public async Task Throughput_beside_a_bare_HttpClient_loop(int latency)
    {
        var posts = Scale.Of("JOBRUNNER_TEST_POSTS", 0);
        var count = posts > 0 ? posts : 1_000;
        await using var stage = await Stage.SetAsync(broker, Quiet);
        stage.RequestManager.Records = false;
        stage.RequestManager.Latency = TimeSpan.FromMilliseconds(latency);
        await using var feed = await LogFeed.OpenAsync(stage.Uri);
        await feed.SendAsync(count);
        await DeliveredAsync(count); // Warm.
        for (var round = 0; round < (posts > 0 ? 3 : 1); round++)
        {
            await stage.RequestManager.GoDownAsync();
            await feed.SendAsync(count);
            await Eventually.HoldsAsync("the worker waits", () => stage.Worker.Output.Contains("Job logs do not get through", StringComparison.Ordinal));
            var expected = stage.RequestManager.RowCount + count;
            await stage.RequestManager.ComeUpAsync();
            await Eventually.HoldsAsync("the first", () => stage.RequestManager.RowCount > expected - count);
            var started = Stopwatch.GetTimestamp();
            await DeliveredAsync(expected);
            var worker = count / Stopwatch.GetElapsedTime(started).TotalSeconds;
            var bare = await BareAsync(stage.RequestManager, count);
            Say($"answers in {latency} ms: worker {worker:F0}/s, bare loop {bare:F0}/s, ratio {worker / bare:F2}");
        }

        Task DeliveredAsync(int rows) => Eventually.HoldsAsync(
            () => $"{rows} logs; {stage.RequestManager.RowCount} came", () => stage.RequestManager.RowCount >= rows, TimeSpan.FromMinutes(5));
    }

    private static async Task<double> BareAsync(StubRequestManager manager, int count)
    {
        using var http = new HttpClient();
        var request = Stage.NewRequestId();
        var next = 0;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, 32).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var number && number <= count)
            {
                using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(LogFeed.Body(request, LogFeed.JobIdOf(number))));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
                using var answer = await http.PostAsync(new Uri($"{manager.BaseUrl}/api/v1/requests/{request}/log"), content);
                answer.EnsureSuccessStatusCode();
            }
        })));
        return count / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper!.WriteLine(line);

    private static TimeSpan At(List<TimeSpan> ordered, int percent) => ordered[Math.Min(ordered.Count - 1, ordered.Count * percent / 100)];

    private static string Ms(TimeSpan span) => $"{span.TotalMilliseconds:F0} ms";
}
