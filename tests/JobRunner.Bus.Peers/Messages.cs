using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Peers;

/// <summary>What comes in.</summary>
public sealed record Command(
    [property: JsonPropertyName("requestId")] string RequestId,
    [property: JsonPropertyName("job")] CommandJob Job,
    [property: JsonPropertyName("jobData")] JsonElement JobData);

/// <summary>The part of a job that its log repeats.</summary>
public sealed record CommandJob(
    [property: JsonPropertyName("id")] string Id, [property: JsonPropertyName("name")] string Name, [property: JsonPropertyName("type")] string Type);

/// <summary>The log of a try.</summary>
public sealed record Log(
    [property: JsonPropertyName("requestId")] string RequestId,
    [property: JsonPropertyName("jobId")] string JobId,
    [property: JsonPropertyName("try")] int Try,
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("startedAt")] long StartedAt,
    [property: JsonPropertyName("finishedAt")] long FinishedAt,
    [property: JsonPropertyName("state")] int State,
    [property: JsonPropertyName("exit")] int Exit,
    [property: JsonPropertyName("error")] string Error,
    [property: JsonPropertyName("stdout")] string Stdout,
    [property: JsonPropertyName("stderr")] string Stderr)
{
    /// <summary>The log of a command whose job does nothing.</summary>
    public static Log Of(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        var now = (DateTimeOffset.UtcNow.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) * 100;
        return new Log(command.RequestId, command.Job.Id, 1, command.Job.Name, command.Job.Type, now, now, 3, 0, "", "", "");
    }
}

/// <summary>The end of a run.</summary>
public sealed record End(
    [property: JsonPropertyName("requestId")] string RequestId,
    [property: JsonPropertyName("jobId")] string JobId,
    [property: JsonPropertyName("finalState")] int FinalState,
    [property: JsonPropertyName("tries")] int Tries,
    [property: JsonPropertyName("jobData")] JsonElement JobData,
    [property: JsonPropertyName("prevTries")] int PrevTries,
    [property: JsonPropertyName("totalTries")] int TotalTries)
{
    /// <summary>The end of a command whose job does nothing.</summary>
    public static End Of(Command command)
    {
        ArgumentNullException.ThrowIfNull(command);
        return new End(command.RequestId, command.Job.Id, 3, 1, command.JobData, 1, 1);
    }
}
