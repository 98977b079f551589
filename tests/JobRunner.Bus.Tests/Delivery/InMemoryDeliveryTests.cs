using System.Diagnostics;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Delivery.Sqlite;
using JobRunner.Bus.TestKit;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

/// <summary>Delivery on the in-memory transport follows the same policy as on a broker.</summary>
public sealed class InMemoryDeliveryTests
{
    private static readonly (string, string)[] Hasty = [("Report:RedeliverAfter", "20ms,50ms,100ms"), ("Report:RedeliverFor", "600ms"), ("RequestManager:AttemptDelay", "10ms")];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_that_fails_by_itself_is_tried_again_later_and_holds_up_no_other()
    {
        var store = new ToldStore { Does = (job, call) => job == "bad" && call <= 8 ? new RetryableDeliveryException("riddle") : null };
        await using var host = await ReportHost.StartAsync(store, Hasty[0], Hasty[2]);
        await host.SendAsync(Log(jobId: "good"));
        await host.SendAsync(Log(jobId: "bad"));
        await host.SendAsync(Log(jobId: "also"));

        await Eventually.HoldsAsync("all three", () => store.Taken.Count == 3);
        Assert.Equal("bad", store.Taken.Last());
        Assert.Equal(9, store.CallsFor("bad"));
        Assert.Empty(host.Errors);
    }

    [Fact]
    public async Task A_log_with_lasting_trouble_of_its_own_ends_in_the_error_queue_with_the_stores_words()
    {
        var store = new ToldStore { Does = (job, _) => job == "bad" ? new RetryableDeliveryException("riddle") : null };
        await using var host = await ReportHost.StartAsync(store, Hasty);
        await host.SendAsync(Log(jobId: "bad"));

        var good = 0;
        await Eventually.HoldsAsync("it is dead-lettered", async () =>
        {
            await host.SendAsync(Log(jobId: $"g{good++}"));
            return !host.Errors.IsEmpty;
        });

        var (log, reason) = Assert.Single(host.Errors);
        Assert.Equal(("bad", "riddle"), (log.JobId, reason));
        Assert.Contains(host.LogLines, line => line.Id.Id == 3024);
        await Eventually.HoldsAsync("nothing else is missing", () => store.Taken.Count == good);
    }

    [Fact]
    public async Task A_refused_log_goes_to_the_error_queue_at_once()
    {
        var store = new ToldStore { Does = (job, _) => job == "bad" ? new PermanentDeliveryException("never", 400) : null };
        await using var host = await ReportHost.StartAsync(store);
        await host.SendAsync(Log(jobId: "bad"));

        await Eventually.HoldsAsync("it is there", () => host.Errors.Count == 1);

        Assert.Equal((1, "never"), (store.CallsFor("bad"), host.Errors.Single().Reason));
        Assert.False(host.Get<DeliveryGate>().IsShut);
    }

    [Fact]
    public async Task While_the_store_is_down_logs_wait_without_being_tried_one_by_one_and_all_go_through_after()
    {
        var down = true;
        var store = new ToldStore { Does = (_, _) => down ? new RetryableDeliveryException("disk full") { StoreIsDown = true } : null };
        await using var host = await ReportHost.StartAsync(store, [.. Hasty, ("Report:Concurrency", "4")]);
        for (var job = 0; job < 200; job++)
        {
            await host.SendAsync(Log(jobId: $"{job}"));
        }

        await Eventually.HoldsAsync("the outage is noticed", () => host.Get<DeliveryGate>().IsShut, TimeSpan.FromSeconds(30));
        var calls = Calls();

        // Longer than a log with trouble of its own has.
        var started = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync("some time", () => Stopwatch.GetElapsedTime(started) > TimeSpan.FromSeconds(1.5));
        Assert.InRange(Calls() - calls, 0, 20);
        Assert.True(host.Get<DeliveryGate>().IsShut);
        down = false;

        await Eventually.HoldsAsync("all of them", () => store.Taken.Count == 200);
        Assert.Equal(200, store.Taken.Distinct().Count());
        Assert.Empty(host.Errors);
        Assert.Equal([3020, 3021], host.LogLines.Where(line => line.Id.Id is 3020 or 3021).Select(line => line.Id.Id));
        await Eventually.HoldsAsync("none is under way", () => host.Get<UnderWay>().Count == 0);

        int Calls() => Enumerable.Range(0, 200).Sum(job => store.CallsFor($"{job}"));
    }

    [Fact]
    public async Task A_worker_that_ends_tells_which_logs_end_with_it()
    {
        var store = new ToldStore { Does = (_, _) => new RetryableDeliveryException("away") { StoreIsDown = true } };
        await using var host = await ReportHost.StartAsync(store, Hasty);
        await host.SendAsync(Log(jobId: "lost"));
        await Eventually.HoldsAsync("it waits", () => host.Get<DeliveryGate>().IsShut);

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(9), Ct);

        Assert.Contains(host.LogLines, line => line.Id.Id == 3025 && line.Message.Contains("job lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Logs_that_the_local_file_cannot_take_are_there_once_it_can()
    {
        var folder = Directory.CreateTempSubdirectory("job-logs-").FullName;
        var file = Path.Combine(folder, "job-logs.db");
        await using (var host = await ReportHost.StartAsync(null, [.. Hasty, ("JobLogStore:Path", file)]))
        {
            await host.SendAsync(Log(1));
            await Eventually.HoldsAsync("the first", async () => (await host.Get<SqliteJobLogStore>().GetAsync(RequestId, Ct)).Count == 1);
            foreach (var part in Directory.GetFiles(folder))
            {
                File.Delete(part);
            }

            Directory.CreateDirectory(file);
            await host.SendAsync(Log(2));
            await host.SendAsync(Log(3));
            await Eventually.HoldsAsync("it is noticed", () => host.LogLines.Any(line => line.Id.Id == 3020));
            Assert.Contains("is a folder; it must be a file", host.LogLines.Single(line => line.Id.Id == 3020).Message);

            Directory.Delete(file);

            await Eventually.HoldsAsync("both", async () => (await host.Get<SqliteJobLogStore>().GetAsync(RequestId, Ct)).Count == 2);
            Assert.Empty(host.Errors);
        }

        Directory.Delete(folder, recursive: true);
    }
}
