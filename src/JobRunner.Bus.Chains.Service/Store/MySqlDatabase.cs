using System.Data.Common;
using Dapper;
using MySqlConnector;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>A MySQL or MariaDB server.</summary>
internal sealed class MySqlDatabase : ChainDatabase
{
    private readonly MySqlConnectionStringBuilder _settings;

    public MySqlDatabase(string connectionString) => _settings = new MySqlConnectionStringBuilder("Maximum Pool Size=20;" + connectionString);

    public override string Name => $"MySQL {_settings.Server}:{_settings.Port}/{_settings.Database}";

    public override string KeyType => "VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

    public override string BytesType => "LONGBLOB";

    public override string InsertNew(string insert) => insert.Replace("INSERT INTO", "INSERT IGNORE INTO", StringComparison.Ordinal);

    public override string OrUpdate(string key, params string[] columns) =>
        $" ON DUPLICATE KEY UPDATE {string.Join(", ", columns.Select(column => $"{column} = VALUES({column})"))}";

    // MySQL has no CREATE INDEX IF NOT EXISTS.
    public override string InlineIndex(string name, string columns) => $", INDEX {name} ({columns})";

    public override string CreateIndex(string name, string table, string columns) => "SELECT 1";

    protected override DbConnection NewConnection() => new MySqlConnection(_settings.ConnectionString);

    // By database: the names of locks are the server's.
    public override Task LockSchemaAsync(DbTransaction transaction, CancellationToken cancellationToken) => transaction.Connection!.ExecuteAsync(
        new CommandDefinition("SELECT GET_LOCK(CONCAT('jobrunner_chains.', DATABASE()), 30)", transaction: transaction, cancellationToken: cancellationToken));

    // A connection keeps its locks in the pool.
    public override Task UnlockSchemaAsync(DbConnection connection) =>
        connection.ExecuteAsync("SELECT RELEASE_LOCK(CONCAT('jobrunner_chains.', DATABASE()))");
}
