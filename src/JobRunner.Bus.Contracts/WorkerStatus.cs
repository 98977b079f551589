using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// The end of a worker's answer to a <see cref="GetRunnerStatus"/> that asked for a summary: how busy the worker is. Told
/// from <see cref="RunnerStatus"/> by the AMQP property <c>type</c>, which is the name of the message.
/// </summary>
public sealed record WorkerStatus
{
    /// <summary>Its runs end or are handed over.</summary>
    public const string Draining = "draining";

    /// <summary>It runs nothing any more.</summary>
    public const string Drained = "drained";

    /// <summary>The worker: host, process id and a part that differs per start.</summary>
    public string Worker { get; init => field = value ?? ""; } = "";

    /// <summary>Runners it holds, running and waiting, whatever was asked for.</summary>
    public long Runners { get; init; }

    /// <summary>Tries it can run at once.</summary>
    public long Slots { get; init; }

    /// <summary>Tries it runs now.</summary>
    public long SlotsInUse { get; init; }

    /// <summary>What it does, as the setting has it: <c>Run,Report</c>. Absent from an older worker.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Roles { get; init; }

    /// <summary>Its version, such as <c>0.1.0</c>. Absent from an older worker.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Version { get; init; }

    /// <summary>When it started, Unix nanoseconds by its clock; 0 from an older worker.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long StartedAt { get; init; }

    /// <summary>Why it takes no work, as its <c>/health/ready</c> says it; absent when it takes work.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NotReady { get; init; }

    /// <summary>
    /// <see cref="Draining"/> while its runs end or are handed over, then <see cref="Drained"/>; absent when it was not told to drain.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Drain { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
