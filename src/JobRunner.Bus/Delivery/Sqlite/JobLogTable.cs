using JobRunner.Bus.Contracts;
using Microsoft.Data.Sqlite;

namespace JobRunner.Bus.Delivery.Sqlite;

/// <summary>The table <c>job_log</c>: its columns are those of the Request Manager's table.</summary>
internal static class JobLogTable
{
    /// <summary>Version of the schema, kept in <c>user_version</c>.</summary>
    public const int Version = 1;

    /// <summary>"JLOG", kept in <c>application_id</c>: tells our files from those of other programs.</summary>
    public const int ApplicationId = 0x4A4C4F47;

    private const string Schema =
        """
        CREATE TABLE job_log (
          request_id  TEXT    NOT NULL,
          job_id      TEXT    NOT NULL,
          try         INTEGER NOT NULL,
          name        TEXT    NOT NULL,
          type        TEXT    NOT NULL,
          started_at  INTEGER NOT NULL, -- Unix nanoseconds
          finished_at INTEGER NOT NULL, -- Unix nanoseconds
          state       INTEGER NOT NULL, -- as in Spin Cycle: 3 COMPLETE, 4 FAIL, 6 STOPPED
          exit        INTEGER NOT NULL,
          error       TEXT    NOT NULL,
          stdout      TEXT    NOT NULL,
          stderr      TEXT    NOT NULL,
          PRIMARY KEY (request_id, job_id, try)
        )
        """;

    private static readonly string[] Columns =
    [
        "request_id", "job_id", "try", "name", "type", "started_at", "finished_at", "state", "exit", "error", "stdout", "stderr",
    ];

    /// <summary>Makes the table in an empty file; refuses a file that is not ours or newer than we are.</summary>
    /// <exception cref="InvalidDataException">The file must not be touched; the message says why.</exception>
    public static void EnsureIn(SqliteConnection connection)
    {
        // Each pragma is a read of its own: only a match can be trusted while another process makes the table.
        if (connection.Number("PRAGMA user_version") == Version && connection.Number("PRAGMA application_id") == ApplicationId)
        {
            return;
        }

        using var transaction = connection.BeginTransaction(deferred: false);

        if (IsCurrent(connection))
        {
            return;
        }

        connection.Execute(Schema);
        connection.Execute($"PRAGMA application_id = {ApplicationId}");
        connection.Execute($"PRAGMA user_version = {Version}");
        transaction.Commit();
    }

    /// <summary>An insert that keeps the first log of a key, with one parameter per column.</summary>
    public static SqliteCommand InsertInto(SqliteConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText =
            """
            INSERT INTO job_log
              (request_id, job_id, try, name, type, started_at, finished_at, state, exit, error, stdout, stderr)
            VALUES
              ($request_id, $job_id, $try, $name, $type, $started_at, $finished_at, $state, $exit, $error, $stdout, $stderr)
            ON CONFLICT DO NOTHING
            """;
        foreach (var column in Columns)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = "$" + column });
        }

        return command;
    }

    /// <summary>Gives the values of a log to the parameters of <see cref="InsertInto"/>.</summary>
    public static void Bind(SqliteCommand insert, JobLogRecorded log)
    {
        object[] values =
        [
            log.RequestId, log.JobId, log.Try, log.Name, log.Type, log.StartedAt, log.FinishedAt, (long)log.State, log.Exit,
            log.Error, log.Stdout, log.Stderr,
        ];
        for (var i = 0; i < values.Length; i++)
        {
            insert.Parameters[i].Value = values[i];
        }
    }

    /// <summary>Every log of a request, in no particular order.</summary>
    public static IReadOnlyList<JobLogRecorded> Read(SqliteConnection connection, string requestId)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            SELECT request_id, job_id, try, name, type, started_at, finished_at, state, exit, error, stdout, stderr
            FROM job_log WHERE request_id = $request_id
            """;
        command.Parameters.AddWithValue("$request_id", requestId);
        using var row = command.ExecuteReader();
        List<JobLogRecorded> logs = [];
        while (row.Read())
        {
            logs.Add(new JobLogRecorded
            {
                RequestId = row.GetString(0),
                JobId = row.GetString(1),
                Try = row.GetInt64(2),
                Name = row.GetString(3),
                Type = row.GetString(4),
                StartedAt = row.GetInt64(5),
                FinishedAt = row.GetInt64(6),
                State = (JobState)row.GetByte(7),
                Exit = row.GetInt64(8),
                Error = row.GetString(9),
                Stdout = row.GetString(10),
                Stderr = row.GetString(11),
            });
        }

        return logs;
    }

    /// <summary>The highest try of a job; 0 when there is none.</summary>
    public static long HighestTry(SqliteConnection connection, string requestId, string jobId)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT max(try) FROM job_log WHERE request_id = $request_id AND job_id = $job_id";
        command.Parameters.AddWithValue("$request_id", requestId);
        command.Parameters.AddWithValue("$job_id", jobId);
        return command.ExecuteScalar() as long? ?? 0;
    }

    private static bool IsCurrent(SqliteConnection connection)
    {
        var application = connection.Number("PRAGMA application_id");
        var version = connection.Number("PRAGMA user_version");
        if (application == ApplicationId && version == Version)
        {
            return true;
        }

        if (application == ApplicationId)
        {
            throw new InvalidDataException(
                $"was written by another version of this program (schema {version}, this one knows {Version}); use that version, or another file");
        }

        if (application != 0 || version != 0 || connection.Number("SELECT count(*) FROM sqlite_schema") > 0)
        {
            throw new InvalidDataException("is the database of another program; choose another file");
        }

        return false;
    }
}
