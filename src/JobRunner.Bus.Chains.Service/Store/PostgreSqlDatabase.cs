using System.Data.Common;
using Dapper;
using Npgsql;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>A PostgreSQL server.</summary>
internal sealed class PostgreSqlDatabase : ChainDatabase
{
    // Connections are left as they were: there is nothing to put back when one is used again, which would take seven statements.
    private const string Defaults = "Maximum Pool Size=20;Max Auto Prepare=50;No Reset On Close=true;";

    private readonly NpgsqlConnectionStringBuilder _settings;

    public PostgreSqlDatabase(string connectionString) => _settings = new NpgsqlConnectionStringBuilder(Defaults + connectionString);

    public override string Name => $"PostgreSQL {_settings.Host}:{_settings.Port}/{_settings.Database}";

    public override string KeyType => "TEXT COLLATE \"C\"";

    public override string BytesType => "BYTEA";

    // A row that finds room beside its old version needs no new entries in the indexes.
    public override string RoomForUpdates => "WITH (fillfactor = 50)";

    protected override DbConnection NewConnection() => new NpgsqlConnection(_settings.ConnectionString);

    public override Task LockSchemaAsync(DbTransaction transaction, CancellationToken cancellationToken) => transaction.Connection!.ExecuteAsync(
        new CommandDefinition("SELECT pg_advisory_xact_lock(7020311540)", transaction: transaction, cancellationToken: cancellationToken));
}
