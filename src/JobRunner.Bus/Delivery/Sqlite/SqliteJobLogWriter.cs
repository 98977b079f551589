using JobRunner.Bus.Contracts;
using Microsoft.Data.Sqlite;

namespace JobRunner.Bus.Delivery.Sqlite;

/// <summary>
/// The one connection a store writes with. It is opened at the first write, and anew after any failure, so that a disk
/// that has room again or a file that was moved away need no restart. Not thread-safe.
/// </summary>
internal sealed class SqliteJobLogWriter(SqliteJobLogFile file) : IDisposable
{
    private SqliteConnection? _connection;
    private SqliteCommand? _insert;

    /// <summary>Writes logs in one transaction: all of them or, when it throws, none.</summary>
    public IReadOnlyList<DeliveryOutcome> Write(IReadOnlyList<JobLogRecorded> logs)
    {
        try
        {
            return WriteTransaction(logs);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _insert?.Dispose();
        _connection?.Dispose();
        (_insert, _connection) = (null, null);
    }

    private List<DeliveryOutcome> WriteTransaction(IReadOnlyList<JobLogRecorded> logs)
    {
        while (true)
        {
            if (_connection?.HasMoved() == true)
            {
                Dispose();
            }

            _connection ??= file.Open();
            var outcomes = Insert(_connection, logs);
            // It may have gone since: then the logs are written once more, into the file that is there now.
            if (!_connection.HasMoved())
            {
                return outcomes;
            }
        }
    }

    private List<DeliveryOutcome> Insert(SqliteConnection connection, IReadOnlyList<JobLogRecorded> logs)
    {
        _insert ??= JobLogTable.InsertInto(connection);
        using var transaction = connection.BeginTransaction(deferred: false);
        _insert.Transaction = transaction;
        List<DeliveryOutcome> outcomes = new(logs.Count);
        foreach (var log in logs)
        {
            JobLogTable.Bind(_insert, log);
            outcomes.Add(_insert.ExecuteNonQuery() == 1 ? DeliveryOutcome.Stored : DeliveryOutcome.AlreadyThere);
        }

        transaction.Commit();
        return outcomes;
    }
}
