using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Sqlite;
using Microsoft.Extensions.Options;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class SqliteJobLogStoreTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("job-logs-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string File => Path.Combine(_folder, "deeper", "job-logs.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_log_comes_back_as_it_was_put()
    {
        await using var store = Open(File);
        var log = Log(long.MaxValue) with { Exit = long.MinValue, StartedAt = -1, State = (JobState)255, Type = "", Stderr = "e" };

        Assert.Equal(DeliveryOutcome.Stored, await store.PutAsync(log, Ct));

        Assert.Equal([log], await store.GetAsync(RequestId, Ct));
        Assert.Empty(await store.GetAsync("another", Ct));
    }

    [Fact]
    public async Task NUL_and_broken_text_are_kept_as_a_Request_Manager_keeps_them()
    {
        await using var store = Open(File);

        await store.PutAsync(Log() with { Stdout = "a\0b\0", Stderr = "\0", Error = "x\ud800y", Name = "😀" }, Ct);

        Assert.Equal(
            [Log() with { Stdout = "a\0b\0", Stderr = "\0", Error = "x\ufffdy", Name = "😀" }], await store.GetAsync(RequestId, Ct));
    }

    [Fact]
    public async Task The_first_log_of_a_key_stays()
    {
        await using var store = Open(File);
        await store.PutAsync(Log(), Ct);

        Assert.Equal(DeliveryOutcome.AlreadyThere, await store.PutAsync(Log() with { Error = "another" }, Ct));

        Assert.Equal([Log()], await store.GetAsync(RequestId, Ct));
    }

    [Fact]
    public async Task Ids_differ_by_case()
    {
        await using var store = Open(File);

        Assert.Equal(DeliveryOutcome.Stored, await store.PutAsync(Log(jobId: "abcd"), Ct));
        Assert.Equal(DeliveryOutcome.Stored, await store.PutAsync(Log(jobId: "ABCD"), Ct));
    }

    [Fact]
    public async Task The_highest_try_of_a_job_is_known()
    {
        await using var store = Open(File);
        Assert.Equal(0, await store.GetHighestTryAsync(RequestId, JobId, Ct));
        foreach (var log in new[] { Log(2), Log(10), Log(9), Log(11, jobId: "abcd"), Log(12, requestId: "another") })
        {
            await store.PutAsync(log, Ct);
        }

        Assert.Equal(10, await store.GetHighestTryAsync(RequestId, JobId, Ct));
    }

    [Fact]
    public async Task Reading_makes_no_file()
    {
        await using var store = Open(File);

        Assert.Empty(await store.GetAsync(RequestId, Ct));

        Assert.False(Directory.Exists(Path.GetDirectoryName(File)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Twenty_writers_leave_exactly_one_row_per_key(int stores)
    {
        await using var first = Open(File);
        await using var second = Open(File);
        SqliteJobLogStore[] used = stores == 1 ? [first] : [first, second];

        // Every key is put by two writers.
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(writer => Task.Run(
            async () =>
            {
                List<DeliveryOutcome> got = [];
                for (var @try = 1; @try <= 500; @try++)
                {
                    got.Add(await used[writer % stores].PutAsync(Log(@try, jobId: $"job{writer / 2}"), Ct));
                }

                return got;
            },
            Ct)));

        var all = outcomes.SelectMany(got => got).ToArray();
        Assert.Equal(5_000, all.Count(outcome => outcome == DeliveryOutcome.Stored));
        Assert.Equal(5_000, all.Count(outcome => outcome == DeliveryOutcome.AlreadyThere));
        var rows = await first.GetAsync(RequestId, Ct);
        Assert.Equal(5_000, rows.Count);
        Assert.Equal(5_000, rows.Select(row => (row.JobId, row.Try)).Distinct().Count());
    }

    [Fact]
    public async Task Many_stores_may_make_the_same_file_at_once()
    {
        var stores = Enumerable.Range(0, 8).Select(_ => Open(File)).ToArray();

        var outcomes = await Task.WhenAll(stores.Select(store => store.PutAsync(Log(), Ct)));

        Assert.Single(outcomes, DeliveryOutcome.Stored);
        foreach (var store in stores)
        {
            await store.DisposeAsync();
        }
    }

    [Fact]
    public async Task What_was_put_is_written_before_the_store_closes()
    {
        var store = Open(File);
        var puts = Enumerable.Range(1, 1000).Select(@try => store.PutAsync(Log(@try), Ct)).ToArray();

        await store.DisposeAsync();

        Assert.All(await Task.WhenAll(puts), outcome => Assert.Equal(DeliveryOutcome.Stored, outcome));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.PutAsync(Log(), Ct));
    }

    [Fact]
    public async Task A_cancelled_put_writes_nothing_and_harms_no_other()
    {
        await using var store = Open(File);
        var cancelled = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutAsync(Log(1), cancelled));
        await store.PutAsync(Log(2), Ct);

        Assert.Equal([Log(2)], await store.GetAsync(RequestId, Ct));
    }

    private static SqliteJobLogStore Open(string path) => new(Options.Create(new JobLogStoreOptions { Path = path }));
}
