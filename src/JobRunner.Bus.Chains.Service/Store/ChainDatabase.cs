using System.Data;
using System.Data.Common;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>What differs between the databases. Everything else is SQL that all of them understand.</summary>
internal abstract class ChainDatabase
{
    /// <summary>The database that the settings name; asks it nothing.</summary>
    /// <exception cref="ArgumentException">The connection string is none of this database.</exception>
    public static ChainDatabase Of(ChainsOptions options) => options.Store switch
    {
        ChainStoreKind.PostgreSql => new PostgreSqlDatabase(options.ConnectionString!),
        ChainStoreKind.MySql => new MySqlDatabase(options.ConnectionString!),
        _ => new SqliteDatabase(options.ConnectionString ?? "Data Source=chains.db"),
    };

    /// <summary>Where it is, for people; without passwords.</summary>
    public abstract string Name { get; }

    /// <summary>The type of text that is compared byte by byte, short enough for a key.</summary>
    public abstract string KeyType { get; }

    /// <summary>The type of bytes of any length.</summary>
    public abstract string BytesType { get; }

    /// <summary>Added to a SELECT: nobody else changes the row until the transaction ends.</summary>
    public virtual string ForUpdate => " FOR UPDATE";

    /// <summary>An INSERT that leaves a row alone whose key is there.</summary>
    public virtual string InsertNew(string insert) => $"{insert} ON CONFLICT DO NOTHING";

    /// <summary>Added to an INSERT: a row whose key is there gets the new values of these columns.</summary>
    public virtual string OrUpdate(string key, params string[] columns) =>
        $" ON CONFLICT ({key}) DO UPDATE SET {string.Join(", ", columns.Select(column => $"{column} = excluded.{column}"))}";

    /// <summary>An index, as a part of the statement that makes its table.</summary>
    public virtual string InlineIndex(string name, string columns) => "";

    /// <summary>An index, as a statement after the one that makes its table.</summary>
    public virtual string CreateIndex(string name, string table, string columns) => $"CREATE INDEX IF NOT EXISTS {name} ON {table} ({columns})";

    /// <summary>Added to a CREATE TABLE whose rows change often.</summary>
    public virtual string RoomForUpdates => "";

    /// <summary>An open connection.</summary>
    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = NewConnection();
        try
        {
            await connection.OpenAsync(cancellationToken);
            await PrepareAsync(connection);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>A connection that is not open yet.</summary>
    protected abstract DbConnection NewConnection();

    /// <summary>What is to be set on a connection that was just opened.</summary>
    protected virtual Task PrepareAsync(DbConnection connection) => Task.CompletedTask;

    /// <summary>A transaction that may write.</summary>
    public virtual ValueTask<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, cancellationToken);

    /// <summary>A transaction that only reads, all as of one moment.</summary>
    public virtual ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancellationToken) =>
        connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

    /// <summary>Waits for the turn to write; disposing of it ends the turn. Servers take turns by themselves.</summary>
    public virtual Task<IDisposable?> TurnAsync(CancellationToken cancellationToken) => Task.FromResult<IDisposable?>(null);

    /// <summary>Keeps two instances that start at once from making the tables at the same time.</summary>
    public virtual Task LockSchemaAsync(DbTransaction transaction, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Lets the next instance at the tables, where the end of the transaction does not.</summary>
    public virtual Task UnlockSchemaAsync(DbConnection connection) => Task.CompletedTask;
}
