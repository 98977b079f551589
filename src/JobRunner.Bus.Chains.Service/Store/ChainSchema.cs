using Dapper;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>The tables, and how each version of them becomes the next.</summary>
internal static class ChainSchema
{
    /// <summary>Statements that lead from version n to n + 1, in their order. What was published once is never changed.</summary>
    private static IReadOnlyList<string>[] Steps(ChainDatabase database) =>
    [
        [
            $"""
            CREATE TABLE IF NOT EXISTS chains (
                request_id {database.KeyType} NOT NULL,
                version BIGINT NOT NULL,
                state SMALLINT NOT NULL,
                finished_jobs INTEGER NOT NULL,
                total_jobs INTEGER NOT NULL,
                added_at BIGINT NOT NULL,
                ended_at BIGINT NULL,
                head {database.BytesType} NOT NULL,
                PRIMARY KEY (request_id)
                {database.InlineIndex("chains_ended_at", "ended_at")}
                {database.InlineIndex("chains_added_at", "added_at")})
                {database.RoomForUpdates}
            """,
            database.CreateIndex("chains_ended_at", "chains", "ended_at"),
            database.CreateIndex("chains_added_at", "chains", "added_at"),

            // Not with the rest of a chain: every event would write it again.
            $"""
            CREATE TABLE IF NOT EXISTS chain_definitions (
                request_id {database.KeyType} NOT NULL,
                definition {database.BytesType} NOT NULL,
                PRIMARY KEY (request_id))
            """,
            $"""
            CREATE TABLE IF NOT EXISTS chain_jobs (
                request_id {database.KeyType} NOT NULL,
                job_id {database.KeyType} NOT NULL,
                version BIGINT NOT NULL,
                body {database.BytesType} NOT NULL,
                PRIMARY KEY (request_id, job_id)
                {database.InlineIndex("chain_jobs_version", "request_id, version")})
            """,
            database.CreateIndex("chain_jobs_version", "chain_jobs", "request_id, version"),
            $"""
            CREATE TABLE IF NOT EXISTS chain_outbox (
                request_id {database.KeyType} NOT NULL,
                version BIGINT NOT NULL,
                due_at BIGINT NOT NULL,
                effects {database.BytesType} NOT NULL,
                PRIMARY KEY (request_id, version)
                {database.InlineIndex("chain_outbox_due_at", "due_at")})
            """,
            database.CreateIndex("chain_outbox_due_at", "chain_outbox", "due_at"),
        ],
    ];

    /// <summary>Makes the tables, or brings them up to date.</summary>
    /// <exception cref="InvalidOperationException">A later version of this program has changed the tables.</exception>
    public static async Task MigrateAsync(ChainDatabase database, CancellationToken cancellationToken)
    {
        using var turn = await database.TurnAsync(cancellationToken);
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginAsync(connection, cancellationToken);
        await database.LockSchemaAsync(transaction, cancellationToken);
        await RunAsync("CREATE TABLE IF NOT EXISTS chain_schema (version INTEGER NOT NULL)");
        var version = await connection.ExecuteScalarAsync<long?>("SELECT MAX(version) FROM chain_schema", transaction: transaction) ?? 0;
        var steps = Steps(database);
        if (version > steps.Length)
        {
            throw new InvalidOperationException(
                $"{database.Name} holds chains of a later version of this program (tables of version {version}, known are those up to {steps.Length})");
        }

        // Each statement can be repeated: MySQL commits each by itself.
        foreach (var statement in steps[(int)version..].SelectMany(step => step))
        {
            await RunAsync(statement);
        }

        if (version < steps.Length)
        {
            await RunAsync($"INSERT INTO chain_schema (version) VALUES ({steps.Length})");
        }

        await transaction.CommitAsync(cancellationToken);
        await database.UnlockSchemaAsync(connection);

        Task RunAsync(string statement) => connection.ExecuteAsync(new CommandDefinition(statement, transaction: transaction, cancellationToken: cancellationToken));
    }
}
