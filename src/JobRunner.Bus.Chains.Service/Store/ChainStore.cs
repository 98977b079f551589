using System.Data.Common;
using Dapper;
using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>
/// Holds the chains. One event is one transaction on the chain's row; what follows from it is noted in the same transaction, and
/// kept until it was done. Any number of instances may use one database.
/// </summary>
internal sealed class ChainStore(ChainDatabase database, IOptions<ChainsOptions> options, TimeProvider time) : IDisposable
{
    private const int TriesOfAConflict = 5;

    private readonly ChainCache _cache = new(options.Value.KeepEnded);
    private readonly Turns _turns = new(256);

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _turns.Dispose();
    }

    /// <summary>Where the chains are, for people.</summary>
    public string Name => database.Name;

    /// <summary>Makes the tables, or brings them up to date.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) => ChainSchema.MigrateAsync(database, cancellationToken);

    /// <summary>Adds a chain and starts it; <see langword="null"/> if it is there already.</summary>
    /// <param name="definition">The chain, checked; a new one has no counters.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<StoredChain?> AddAsync(SuspendedJobChain definition, ChainPlan plan, CancellationToken cancellationToken) => ChangeAsync(
        plan.RequestId,
        async rows =>
        {
            var (now, since) = (time.GetUtcNow(), time.GetTimestamp());
            var step = ChainRules.Start(ChainState.Resumed(plan, definition), now);
            return await rows.AddAsync(definition, step, now, now + options.Value.SendAgainAfter) ? new StoredChain(step.State, 1, step.Effects, since) : null;
        },
        cancellationToken);

    /// <summary>Lets an event happen to a chain; <see langword="null"/> if there is no such chain.</summary>
    /// <param name="requestId">Id of the request.</param>
    /// <param name="rule">What the event does, given the chain and the time.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public Task<StoredChain?> ApplyAsync(string requestId, Func<ChainState, DateTimeOffset, ChainStep> rule, CancellationToken cancellationToken) => ChangeAsync(
        requestId,
        async rows =>
        {
            if (await rows.ReadAsync(requestId, _cache.Find(requestId), forUpdate: true) is not { } before)
            {
                return null;
            }

            var (now, since) = (time.GetUtcNow(), time.GetTimestamp());
            var step = rule(before.State, now);
            if (step.State == before.State && step.Effects.Count == 0)
            {
                return new StoredChain(before.State, before.Version, []);
            }

            var version = before.Version + 1;
            await rows.WriteAsync(step, version, now + options.Value.SendAgainAfter);
            return new StoredChain(step.State, version, step.Effects, since);
        },
        cancellationToken);

    /// <summary>How a chain stands; <see langword="null"/> if there is no such chain.</summary>
    public async Task<StoredChain?> FindAsync(string requestId, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var transaction = await database.BeginReadAsync(connection, cancellationToken);
        var rows = new ChainRows(database, connection, transaction, cancellationToken);
        return await rows.ReadAsync(requestId, known: null, forUpdate: false) is { } found ? new StoredChain(found.State, found.Version, []) : null;
    }

    /// <summary>What follows from these events has been done.</summary>
    public async Task DoneAsync(IReadOnlyCollection<(string RequestId, long Version)> events, CancellationToken cancellationToken)
    {
        foreach (var some in events.Chunk(200))
        {
            var parameters = new DynamicParameters();
            for (var i = 0; i < some.Length; i++)
            {
                parameters.Add($"r{i}", some[i].RequestId);
                parameters.Add($"v{i}", some[i].Version);
            }

            await WriteAsync(
                $"DELETE FROM chain_outbox WHERE {string.Join(" OR ", some.Select((_, i) => $"(request_id = @r{i} AND version = @v{i})"))}",
                parameters,
                cancellationToken);
        }
    }

    /// <summary>What should have been done by now, and was not: claimed for this instance until it is due again.</summary>
    public async Task<IReadOnlyList<StoredChain>> ClaimOverdueAsync(int most, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var overdue = await QueryAsync<(string RequestId, long Version, long DueAt, byte[] Effects)>(
            "SELECT request_id, version, due_at, effects FROM chain_outbox WHERE due_at <= @now ORDER BY due_at LIMIT @most",
            new { now = now.ToUnixTimeMilliseconds(), most },
            cancellationToken);
        List<StoredChain> claimed = [];
        foreach (var one in overdue)
        {
            var mine = await WriteAsync(
                "UPDATE chain_outbox SET due_at = @next WHERE request_id = @RequestId AND version = @Version AND due_at = @DueAt",
                new { next = (now + options.Value.SendAgainAfter).ToUnixTimeMilliseconds(), one.RequestId, one.Version, one.DueAt },
                cancellationToken);
            if (mine == 1 && await FindAsync(one.RequestId, cancellationToken) is { } chain)
            {
                claimed.Add(new StoredChain(chain.State, one.Version, ChainRows.Effects(one.Effects)));
            }
        }

        return claimed;
    }

    /// <summary>What is still to be done of a chain, whoever is about to do it.</summary>
    public async Task<IReadOnlyList<StoredChain>> UndoneAsync(string requestId, CancellationToken cancellationToken)
    {
        var list = await QueryAsync<(long Version, byte[] Effects)>(
            "SELECT version, effects FROM chain_outbox WHERE request_id = @requestId ORDER BY version", new { requestId }, cancellationToken);
        return list.Count > 0 && await FindAsync(requestId, cancellationToken) is { } chain
            ? [.. list.Select(one => new StoredChain(chain.State, one.Version, ChainRows.Effects(one.Effects)))]
            : [];
    }

    /// <summary>Deletes chains that ended longer ago than they are kept, some at a time.</summary>
    /// <returns>How many were deleted.</returns>
    public async Task<int> DeleteEndedAsync(int most, CancellationToken cancellationToken)
    {
        var before = (time.GetUtcNow() - options.Value.KeepEnded).ToUnixTimeMilliseconds();
        var ids = await QueryAsync<string>(
            "SELECT request_id FROM chains WHERE ended_at <= @before ORDER BY ended_at LIMIT @most", new { before, most }, cancellationToken);
        foreach (var table in ids.Count > 0 ? ["chain_jobs", "chain_outbox", "chain_definitions", "chains"] : Array.Empty<string>())
        {
            await WriteAsync($"DELETE FROM {table} WHERE request_id IN ({ChainQuestions.Ids(ids, out var parameters)})", parameters, cancellationToken);
        }

        return ids.Count;
    }

    private async Task<StoredChain?> ChangeAsync(string requestId, Func<ChainRows, Task<StoredChain?>> change, CancellationToken cancellationToken)
    {
        // Events of one chain wait for each other here, and hold no connection meanwhile: only those of other instances wait in the database.
        using var first = await _turns.TakeAsync(requestId, cancellationToken);
        for (var tries = 1; ; tries++)
        {
            try
            {
                using var turn = await database.TurnAsync(cancellationToken);
                await using var connection = await database.OpenAsync(cancellationToken);
                await using var transaction = await database.BeginAsync(connection, cancellationToken);
                var changed = await change(new ChainRows(database, connection, transaction, cancellationToken));
                await transaction.CommitAsync(cancellationToken);
                if (changed is not null)
                {
                    // Only what is committed: an event that failed halfway never happened.
                    _cache.Keep(changed.State, changed.Version);
                }

                return changed;
            }
            catch (DbException error) when (error is { IsTransient: true, SqlState: "40001" or "40P01" } && tries < TriesOfAConflict)
            {
                // Two transactions stood in each other's way, and the database chose this one to give way.
            }
        }
    }

    private async Task<List<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).AsList();
    }

    private async Task<int> WriteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        using var turn = await database.TurnAsync(cancellationToken);
        await using var connection = await database.OpenAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }
}
