using System.Data.Common;
using System.Text.Encodings.Web;
using System.Text.Json;
using Dapper;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>Reads and writes the rows of one chain, within a transaction.</summary>
internal sealed class ChainRows(ChainDatabase database, DbConnection connection, DbTransaction? transaction, CancellationToken cancellationToken)
{
    private const int RowsAtOnce = 200;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The state of a chain, and its version. What <paramref name="known"/> has already is not read again.</summary>
    public async Task<(ChainState State, long Version)?> ReadAsync(string requestId, (ChainState State, long Version)? known, bool forUpdate)
    {
        var found = (await connection.QueryAsync<(long Version, long FinishedJobs, byte[] Head)>(Command(
            $"SELECT version, finished_jobs, head FROM chains WHERE request_id = @requestId{(forUpdate ? database.ForUpdate : "")}", new { requestId }))).AsList();
        if (found.Count == 0)
        {
            return null;
        }

        var chain = found[0];
        if (known is { } same && same.Version == chain.Version)
        {
            return known;
        }

        var begin = known?.State ?? await BeginningAsync(requestId);
        var jobs = begin.Jobs.ToArray();
        foreach (var (jobId, body) in await connection.QueryAsync<(string, byte[])>(Command(
            "SELECT job_id, body FROM chain_jobs WHERE request_id = @requestId AND version > @version", new { requestId, version = known?.Version ?? 0 })))
        {
            jobs[begin.Plan.Find(jobId)!.Value] = JsonSerializer.Deserialize<ChainJob>(body, Json)!;
        }

        var head = JsonSerializer.Deserialize<ChainHead>(chain.Head, Json)!;
        return (begin with
        {
            Jobs = jobs,
            IsStopping = head.IsStopping,
            InFlight = head.InFlight,
            Retrying = head.Retrying,
            LastSentAt = head.LastSentAt,
            EndedAt = head.EndedAt,
            FinishedJobs = (int)chain.FinishedJobs,
        }, chain.Version);
    }

    /// <summary>Adds a chain with its first event, unless it is there.</summary>
    public async Task<bool> AddAsync(SuspendedJobChain definition, ChainStep step, DateTimeOffset now)
    {
        var added = await connection.ExecuteAsync(Command(
            database.InsertNew("""
                INSERT INTO chains (request_id, version, state, finished_jobs, total_jobs, added_at, ended_at, head, definition)
                VALUES (@requestId, 1, @state, @finishedJobs, @totalJobs, @addedAt, @endedAt, @head, @definition)
                """),
            new
            {
                requestId = step.State.RequestId,
                state = (short)step.State.State,
                finishedJobs = step.State.FinishedJobs,
                totalJobs = step.State.Jobs.Count,
                addedAt = now.ToUnixTimeMilliseconds(),
                endedAt = step.State.EndedAt?.ToUnixTimeMilliseconds(),
                head = HeadOf(step.State),
                definition = Wire.Serialize(definition),
            }));
        if (added == 1)
        {
            await WriteJobsAsync(step, 1);
        }

        return added == 1;
    }

    /// <summary>Writes what an event has changed.</summary>
    public async Task WriteAsync(ChainStep step, long version)
    {
        await connection.ExecuteAsync(Command(
            "UPDATE chains SET version = @version, state = @state, finished_jobs = @finishedJobs, ended_at = @endedAt, head = @head WHERE request_id = @requestId",
            new
            {
                requestId = step.State.RequestId,
                version,
                state = (short)step.State.State,
                finishedJobs = step.State.FinishedJobs,
                endedAt = step.State.EndedAt?.ToUnixTimeMilliseconds(),
                head = HeadOf(step.State),
            }));
        await WriteJobsAsync(step, version);
    }

    /// <summary>Notes what is to be done, until it was.</summary>
    public async Task KeepAsync(string requestId, long version, IReadOnlyList<ChainEffect> effects, DateTimeOffset dueAt)
    {
        if (effects.Count > 0)
        {
            await connection.ExecuteAsync(Command(
                "INSERT INTO chain_outbox (request_id, version, due_at, effects) VALUES (@requestId, @version, @dueAt, @effects)",
                new { requestId, version, dueAt = dueAt.ToUnixTimeMilliseconds(), effects = JsonSerializer.SerializeToUtf8Bytes(effects, Json) }));
        }
    }

    /// <summary>What was noted.</summary>
    public static IReadOnlyList<ChainEffect> Effects(byte[] kept) => JsonSerializer.Deserialize<IReadOnlyList<ChainEffect>>(kept, Json)!;

    public CommandDefinition Command(string sql, object? parameters = null) =>
        new(sql, parameters, transaction, cancellationToken: cancellationToken);

    private async Task<ChainState> BeginningAsync(string requestId)
    {
        var definition = Wire.Deserialize<SuspendedJobChain>(await connection.QuerySingleAsync<byte[]>(Command(
            "SELECT definition FROM chains WHERE request_id = @requestId", new { requestId })));
        ChainCheck.Check(definition.JobChain, out var next);
        return ChainState.Resumed(ChainPlan.Of(definition.JobChain, next), definition);
    }

    private async Task WriteJobsAsync(ChainStep step, long version)
    {
        foreach (var places in step.Changed.Chunk(RowsAtOnce))
        {
            var parameters = new DynamicParameters();
            parameters.Add("requestId", step.State.RequestId);
            parameters.Add("version", version);
            for (var i = 0; i < places.Length; i++)
            {
                parameters.Add($"job{i}", step.State.Plan.JobAt(places[i]).Id);
                parameters.Add($"body{i}", JsonSerializer.SerializeToUtf8Bytes(step.State.Jobs[places[i]], Json));
            }

            var rows = string.Join(", ", places.Select((_, i) => $"(@requestId, @job{i}, @version, @body{i})"));
            await connection.ExecuteAsync(Command(
                $"INSERT INTO chain_jobs (request_id, job_id, version, body) VALUES {rows}{database.OrUpdate("request_id, job_id", "version", "body")}", parameters));
        }
    }

    private static byte[] HeadOf(ChainState state) => JsonSerializer.SerializeToUtf8Bytes(
        new ChainHead(state.IsStopping, state.InFlight, state.Retrying, state.LastSentAt, state.EndedAt), Json);
}
