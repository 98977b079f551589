using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>A SQLite file.</summary>
internal sealed class SqliteDatabase : ChainDatabase, IDisposable
{
    private readonly SqliteConnectionStringBuilder _settings;
    private readonly Turns _turns = new();

    public SqliteDatabase(string connectionString) => _settings = new SqliteConnectionStringBuilder(connectionString) { Pooling = true };

    public override string Name => $"SQLite file {Path.GetFullPath(_settings.DataSource)}";

    public override string KeyType => "TEXT";

    public override string BytesType => "BLOB";

    public override string ForUpdate => "";

    protected override DbConnection NewConnection() => new SqliteConnection(_settings.ConnectionString);

    // What was committed outlives a kill of the process, and of the machine.
    protected override Task PrepareAsync(DbConnection connection) =>
        connection.ExecuteAsync("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000");

    // One that begins by reading could not go on to write beside another one.
    public override ValueTask<DbTransaction> BeginAsync(DbConnection connection, CancellationToken cancellationToken) =>
        new(((SqliteConnection)connection).BeginTransaction(deferred: false));

    public override ValueTask<DbTransaction> BeginReadAsync(DbConnection connection, CancellationToken cancellationToken) =>
        new(((SqliteConnection)connection).BeginTransaction(deferred: true));

    // SQLite asks again and again for a lock that is taken, with pauses: here each waits for the one before.
    public override async Task<IDisposable?> TurnAsync(CancellationToken cancellationToken) => await _turns.TakeAsync("", cancellationToken);

    public void Dispose() => _turns.Dispose();
}
