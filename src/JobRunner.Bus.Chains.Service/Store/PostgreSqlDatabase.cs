using System.Data.Common;
using Dapper;
using Npgsql;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>A PostgreSQL server.</summary>
internal sealed class PostgreSqlDatabase : ChainDatabase
{
    private readonly NpgsqlConnectionStringBuilder _settings;

    public PostgreSqlDatabase(string connectionString)
    {
        _settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (!_settings.ContainsKey("Max Auto Prepare"))
        {
            _settings.MaxAutoPrepare = 50;
        }
    }

    public override string Name => $"PostgreSQL {_settings.Host}:{_settings.Port}/{_settings.Database}";

    public override string KeyType => "TEXT COLLATE \"C\"";

    public override string BytesType => "BYTEA";

    public override async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(_settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override Task LockSchemaAsync(DbTransaction transaction, CancellationToken cancellationToken) => transaction.Connection!.ExecuteAsync(
        new CommandDefinition("SELECT pg_advisory_xact_lock(7020311540)", transaction: transaction, cancellationToken: cancellationToken));
}
