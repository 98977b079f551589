using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>What runs and waits at a moment, for scripts that watch: the messages of the workers as they came.</summary>
internal static class SnapshotJson
{
    /// <summary>
    /// <c>{"at": time, "workers": [WorkerStatus…], "runners": [RunnerStatus…]}</c>, on one line; <c>workers</c> is
    /// <c>null</c> when no worker is connected.
    /// </summary>
    public static string Write(DateTimeOffset at, IReadOnlyList<WorkerStatus>? workers, IEnumerable<RunnerStatus> runners) => new JsonObject
    {
        ["at"] = at,
        ["workers"] = workers is null ? null : new JsonArray([.. workers.Select(worker => JsonNode.Parse(Wire.Serialize(worker)))]),
        ["runners"] = new JsonArray([.. runners.Select(runner => JsonNode.Parse(Wire.Serialize(runner)))]),
    }.ToJsonString();
}
