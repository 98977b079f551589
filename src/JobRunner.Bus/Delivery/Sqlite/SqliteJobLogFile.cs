using Microsoft.Data.Sqlite;

namespace JobRunner.Bus.Delivery.Sqlite;

/// <summary>The file of a <see cref="SqliteJobLogStore"/>: opens connections to it and explains why it cannot.</summary>
internal sealed class SqliteJobLogFile
{
    /// <summary>How long to wait for another process that writes.</summary>
    private const int BusySeconds = 10;

    public SqliteJobLogFile(string path)
    {
        // A full path is never taken for ":memory:" or a "file:" URI.
        Path = System.IO.Path.GetFullPath(path);
    }

    public string Path { get; }

    /// <summary>Opens the file for writing; makes it, its folder and its table when they are not there.</summary>
    public SqliteConnection Open()
    {
        if (System.IO.Path.GetDirectoryName(Path) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        return Open(SqliteOpenMode.ReadWriteCreate);
    }

    /// <summary>Reads with a connection of its own; a file that is not there is not made.</summary>
    /// <exception cref="RetryableDeliveryException">The file cannot be read.</exception>
    public T Read<T>(Func<SqliteConnection, T> read, T ofNoFile)
    {
        if (!File.Exists(Path) && !Directory.Exists(Path))
        {
            return ofNoFile;
        }

        try
        {
            using var connection = Open(SqliteOpenMode.ReadWrite);
            return read(connection);
        }
        catch (Exception error) when (SqliteFaults.IsFault(error))
        {
            throw SqliteFaults.Explain(error, Path);
        }
    }

    private SqliteConnection Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = Path,
            Mode = mode,
            DefaultTimeout = BusySeconds,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();

            // Lets SQLite itself wait for the lock: it looks again every few ms, the provider every 150.
            connection.Execute($"PRAGMA busy_timeout = {BusySeconds * 1000}");
            JobLogTable.EnsureIn(connection);
            connection.Execute("PRAGMA journal_mode = WAL");
            connection.Execute("PRAGMA synchronous = NORMAL");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
