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
        await using var answers = await connection.QueryMultipleAsync(Command(
            $"""
            SELECT version, finished_jobs, head FROM chains WHERE request_id = @requestId{(forUpdate ? database.ForUpdate : "")};
            SELECT job_id, body FROM chain_jobs WHERE request_id = @requestId AND version > @version
            {(known is null ? "; SELECT definition FROM chain_definitions WHERE request_id = @requestId" : "")}
            """,
            new { requestId, version = known?.Version ?? 0 }));
        var chain = await answers.ReadSingleOrDefaultAsync<(long Version, long FinishedJobs, byte[]? Head)>();
        var changed = (await answers.ReadAsync<(string JobId, byte[] Body)>()).AsList();
        var begin = known is null ? BeginningOf(await answers.ReadSingleOrDefaultAsync<byte[]>()) : known.Value.State;
        if (chain.Head is null || begin is null)
        {
            return null;
        }

        if (chain.Version == known?.Version)
        {
            return known;
        }

        var jobs = begin.Jobs.ToArray();
        foreach (var (jobId, body) in changed)
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

    /// <summary>Adds a chain with its first event, and what is to be done, unless it is there.</summary>
    public async Task<bool> AddAsync(SuspendedJobChain definition, ChainStep step, DateTimeOffset now, DateTimeOffset dueAt)
    {
        var parameters = ParametersOf(step, 1);
        parameters.AddDynamicParams(new { totalJobs = step.State.Jobs.Count, addedAt = now.ToUnixTimeMilliseconds() });
        if (await connection.ExecuteAsync(Command(
            database.InsertNew("""
                INSERT INTO chains (request_id, version, state, finished_jobs, total_jobs, added_at, ended_at, head)
                VALUES (@requestId, @version, @state, @finishedJobs, @totalJobs, @addedAt, @endedAt, @head)
                """),
            parameters)) == 0)
        {
            return false;
        }

        parameters = ParametersOf(step, 1);
        parameters.Add("definition", Wire.Serialize(definition));
        await WriteAsync("INSERT INTO chain_definitions (request_id, definition) VALUES (@requestId, @definition)", parameters, step, 1, dueAt);
        return true;
    }

    /// <summary>Writes what an event has changed, and notes what is to be done, until it was.</summary>
    public Task WriteAsync(ChainStep step, long version, DateTimeOffset dueAt) => WriteAsync(
        "UPDATE chains SET version = @version, state = @state, finished_jobs = @finishedJobs, ended_at = @endedAt, head = @head WHERE request_id = @requestId",
        ParametersOf(step, version),
        step,
        version,
        dueAt);

    /// <summary>What was noted.</summary>
    public static IReadOnlyList<ChainEffect> Effects(byte[] kept) => JsonSerializer.Deserialize<IReadOnlyList<ChainEffect>>(kept, Json)!;

    public CommandDefinition Command(string sql, object? parameters = null) =>
        new(sql, parameters, transaction, cancellationToken: cancellationToken);

    private static ChainState? BeginningOf(byte[]? definition)
    {
        if (definition is null)
        {
            return null;
        }

        var suspended = Wire.Deserialize<SuspendedJobChain>(definition);
        ChainCheck.Check(suspended.JobChain, out var next);
        return ChainState.Resumed(ChainPlan.Of(suspended.JobChain, next), suspended);
    }

    // Together: each statement by itself would be a way to the database and back.
    private async Task WriteAsync(string first, DynamicParameters parameters, ChainStep step, long version, DateTimeOffset dueAt)
    {
        List<string> statements = [first];
        if (step.Effects.Count > 0)
        {
            statements.Add("INSERT INTO chain_outbox (request_id, version, due_at, effects) VALUES (@requestId, @version, @dueAt, @effects)");
            parameters.AddDynamicParams(new { dueAt = dueAt.ToUnixTimeMilliseconds(), effects = JsonSerializer.SerializeToUtf8Bytes(step.Effects, Json) });
        }

        foreach (var places in step.Changed.Chunk(RowsAtOnce).DefaultIfEmpty([]))
        {
            for (var i = 0; i < places.Length; i++)
            {
                parameters.Add($"job{i}", step.State.Plan.JobAt(places[i]).Id);
                parameters.Add($"body{i}", JsonSerializer.SerializeToUtf8Bytes(step.State.Jobs[places[i]], Json));
            }

            if (places.Length > 0)
            {
                var rows = string.Join(", ", places.Select((_, i) => $"(@requestId, @job{i}, @version, @body{i})"));
                statements.Add($"INSERT INTO chain_jobs (request_id, job_id, version, body) VALUES {rows}{database.OrUpdate("request_id, job_id", "version", "body")}");
            }

            await connection.ExecuteAsync(Command(string.Join(";\n", statements), parameters));
            statements.Clear();
            parameters = new DynamicParameters(new { requestId = step.State.RequestId, version });
        }
    }

    private static DynamicParameters ParametersOf(ChainStep step, long version) => new(new
    {
        requestId = step.State.RequestId,
        version,
        state = (short)step.State.State,
        finishedJobs = step.State.FinishedJobs,
        endedAt = step.State.EndedAt?.ToUnixTimeMilliseconds(),
        head = HeadOf(step.State),
    });

    private static byte[] HeadOf(ChainState state) => JsonSerializer.SerializeToUtf8Bytes(
        new ChainHead(state.IsStopping, state.InFlight, state.Retrying, state.LastSentAt, state.EndedAt), Json);
}
