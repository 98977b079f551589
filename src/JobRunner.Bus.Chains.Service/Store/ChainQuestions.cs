using Dapper;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>What is asked about chains beside their events. Changes nothing.</summary>
internal sealed class ChainQuestions(ChainDatabase database)
{
    /// <summary>Which of these requests have a chain here, running or ended.</summary>
    public async Task<IReadOnlySet<string>> KnownAsync(IReadOnlyCollection<string> requestIds, CancellationToken cancellationToken)
    {
        HashSet<string> known = [];
        foreach (var some in requestIds.Chunk(200))
        {
            known.UnionWith(await QueryAsync<string>($"SELECT request_id FROM chains WHERE request_id IN ({Ids(some, out var parameters)})", parameters, cancellationToken));
        }

        return known;
    }

    /// <summary>How many jobs are COMPLETE of those of these chains that run.</summary>
    public async Task<IReadOnlyList<(string RequestId, int FinishedJobs)>> ProgressAsync(IReadOnlyCollection<string> requestIds, CancellationToken cancellationToken)
    {
        List<(string, int)> standing = [];
        foreach (var some in requestIds.Chunk(200))
        {
            var rows = await QueryAsync<(string RequestId, long FinishedJobs)>(
                $"SELECT request_id, finished_jobs FROM chains WHERE ended_at IS NULL AND request_id IN ({Ids(some, out var parameters)})", parameters, cancellationToken);
            standing.AddRange(rows.Select(row => (row.RequestId, (int)row.FinishedJobs)));
        }

        return standing;
    }

    /// <summary>Chains for people: those that run, the newest first, then those that ended, the last ended first.</summary>
    public async Task<IReadOnlyList<ChainStatus>> ListAsync(int most, CancellationToken cancellationToken)
    {
        var running = await ListAsync("ended_at IS NULL ORDER BY added_at DESC", most);
        return [.. running, .. running.Count < most ? await ListAsync("ended_at IS NOT NULL ORDER BY ended_at DESC", most - running.Count) : []];

        async Task<List<ChainStatus>> ListAsync(string which, int limit) =>
        [
            .. (await QueryAsync<(string RequestId, long State, long FinishedJobs, long TotalJobs, long AddedAt, long? EndedAt)>(
                $"SELECT request_id, state, finished_jobs, total_jobs, added_at, ended_at FROM chains WHERE {which} LIMIT @limit", new { limit }, cancellationToken))
                .Select(row => new ChainStatus
                {
                    RequestId = row.RequestId,
                    State = (JobState)row.State,
                    FinishedJobs = row.FinishedJobs,
                    TotalJobs = row.TotalJobs,
                    AddedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.AddedAt),
                    EndedAt = row.EndedAt is { } ended ? DateTimeOffset.FromUnixTimeMilliseconds(ended) : null,
                }),
        ];
    }

    /// <summary>When a chain came.</summary>
    public async Task<DateTimeOffset?> AddedAtAsync(string requestId, CancellationToken cancellationToken) =>
        (await QueryAsync<long?>("SELECT added_at FROM chains WHERE request_id = @requestId", new { requestId }, cancellationToken)).FirstOrDefault() is { } at
            ? DateTimeOffset.FromUnixTimeMilliseconds(at)
            : null;

    /// <summary>The names of as many parameters, for IN: Dapper's own lists are not PostgreSQL's.</summary>
    public static string Ids(IReadOnlyList<string> ids, out DynamicParameters parameters)
    {
        parameters = new DynamicParameters();
        for (var i = 0; i < ids.Count; i++)
        {
            parameters.Add($"r{i}", ids[i]);
        }

        return string.Join(", ", Enumerable.Range(0, ids.Count).Select(i => $"@r{i}"));
    }

    private async Task<List<T>> QueryAsync<T>(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).AsList();
    }
}
