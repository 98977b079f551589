using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Sqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using static JobRunner.Bus.Tests.Delivery.Logs;

namespace JobRunner.Bus.Tests.Delivery;

public sealed class SqliteFaultTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("job-logs-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_path_below_a_file_is_told()
    {
        await File.WriteAllTextAsync(In("file"), "", Ct);

        Assert.Contains("cannot be used: ", await FaultOfPutAsync(In("file/job-logs.db")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_is_told_in_both_directions()
    {
        Directory.CreateDirectory(In("folder"));

        Assert.EndsWith("is a folder; it must be a file", await FaultOfPutAsync(In("folder")), StringComparison.Ordinal);
        Assert.EndsWith("is a folder; it must be a file", await FaultOfGetAsync(In("folder")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(100_000)]
    public async Task A_file_that_is_no_database_is_told_and_left_alone(int length)
    {
        var text = new string('x', length);
        await File.WriteAllTextAsync(In("notes.txt"), text, Ct);

        Assert.Contains("is not a SQLite database", await FaultOfPutAsync(In("notes.txt")), StringComparison.Ordinal);
        Assert.Contains("is not a SQLite database", await FaultOfGetAsync(In("notes.txt")), StringComparison.Ordinal);

        Assert.Equal(text, await File.ReadAllTextAsync(In("notes.txt"), Ct));
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("moved away")]
    [InlineData("replaced by an older one")]
    public async Task Two_workers_on_one_file_lose_no_log_when_it_is(string fate)
    {
        var file = In("job-logs.db");
        await using var one = Open(file);
        await using var other = Open(file);
        await one.PutAsync(Log(1, jobId: "aaaa"), Ct);
        await other.PutAsync(Log(1, jobId: "bbbb"), Ct);
        if (fate == "replaced by an older one")
        {
            await using var older = Open(In("older.db"));
            await older.PutAsync(Log(99), Ct);
        }

        foreach (var part in Directory.GetFiles(_folder, "job-logs.db*"))
        {
            if (fate == "moved away")
            {
                File.Move(part, part.Replace("job-logs.db", "away.db", StringComparison.Ordinal));
            }
            else
            {
                File.Delete(part);
            }
        }

        if (fate == "replaced by an older one")
        {
            File.Move(In("older.db"), file);
        }

        for (var number = 2; number <= 31; number++)
        {
            await one.PutAsync(Log(number, jobId: "aaaa"), Ct);
            await other.PutAsync(Log(number, jobId: "bbbb"), Ct);
        }

        var logs = await one.GetAsync(RequestId, Ct);
        Assert.Equal(60, logs.Count(log => log.JobId is "aaaa" or "bbbb"));
    }

    [Fact]
    public async Task The_database_of_another_program_is_left_alone()
    {
        Run(In("other.db"), "CREATE TABLE t (x)");

        Assert.Contains("is the database of another program", await FaultOfPutAsync(In("other.db")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_of_a_newer_version_is_left_alone()
    {
        await using (var store = Open(In("job-logs.db")))
        {
            await store.PutAsync(Log(), Ct);
        }

        Run(In("job-logs.db"), "PRAGMA user_version = 2");

        Assert.Contains("(schema 2, this one knows 1)", await FaultOfPutAsync(In("job-logs.db")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SQLitePCL.raw.SQLITE_FULL, "cannot grow: the disk is full")]
    [InlineData(SQLitePCL.raw.SQLITE_CORRUPT, "is damaged; move it away, or choose another file")]
    [InlineData(SQLitePCL.raw.SQLITE_READONLY, "is read-only: make it and its folder writable for this user")]
    [InlineData(SQLitePCL.raw.SQLITE_BUSY, "is kept locked by another process")]
    [InlineData(SQLitePCL.raw.SQLITE_IOERR, "cannot be used: SQLite said so")]
    public void Other_faults_are_told_by_what_to_do(int code, string reason) => Assert.Equal(
        $"JobRunner__JobLogStore__Path \"{In("x.db")}\" {reason}",
        SqliteFaults.Explain(new SqliteException("SQLite said so", code), In("x.db")).Message);

    [Fact]
    public async Task A_store_goes_on_once_the_fault_is_mended()
    {
        Directory.CreateDirectory(In("job-logs.db"));
        await using var store = Open(In("job-logs.db"));
        await Assert.ThrowsAsync<RetryableDeliveryException>(() => store.PutAsync(Log(), Ct));

        Directory.Delete(In("job-logs.db"));

        Assert.Equal(DeliveryOutcome.Stored, await store.PutAsync(Log(), Ct));
    }

    [Fact]
    public async Task A_file_that_is_deleted_under_the_store_is_made_anew()
    {
        await using var store = Open(In("job-logs.db"));
        await store.PutAsync(Log(1), Ct);
        foreach (var file in Directory.GetFiles(_folder))
        {
            File.Delete(file);
        }

        await store.PutAsync(Log(2), Ct);

        Assert.Equal([Log(2)], await store.GetAsync(RequestId, Ct));
    }

    [Fact]
    public async Task A_writer_waits_for_another_process_that_holds_the_lock()
    {
        await using var store = Open(In("job-logs.db"));
        await store.PutAsync(Log(1), Ct);
        using var other = new SqliteConnection($"Data Source={In("job-logs.db")};Pooling=False");
        other.Open();
        using var transaction = other.BeginTransaction(deferred: false);

        var put = store.PutAsync(Log(2), Ct);
        Assert.Equal([Log(1)], await store.GetAsync(RequestId, Ct));
        Assert.False(put.IsCompleted);
        transaction.Rollback();

        Assert.Equal(DeliveryOutcome.Stored, await put);
    }

    private static async Task<string> FaultOfPutAsync(string path)
    {
        await using var store = Open(path);
        return Told(await Assert.ThrowsAsync<RetryableDeliveryException>(() => store.PutAsync(Log(), Ct)), path);
    }

    private static async Task<string> FaultOfGetAsync(string path)
    {
        await using var store = Open(path);
        return Told(await Assert.ThrowsAsync<RetryableDeliveryException>(() => store.GetAsync(RequestId, Ct)), path);
    }

    private static string Told(RetryableDeliveryException error, string path)
    {
        Assert.StartsWith($"JobRunner__JobLogStore__Path \"{path}\" ", error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    private static SqliteJobLogStore Open(string path) => new(Options.Create(new JobLogStoreOptions { Path = path }));

    private static void Run(string path, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        connection.Execute(sql);
    }

    private string In(string name) => Path.Combine(_folder, name);
}
