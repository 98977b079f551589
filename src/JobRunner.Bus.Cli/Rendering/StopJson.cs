using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Rendering;

/// <summary>What became of a stop, for scripts: the messages of the workers as they came.</summary>
internal static class StopJson
{
    /// <summary><c>{"replies": [StopJobReply…], "unanswered": [RunnerStatus…], "chain": ChainStatus or null}</c>, on one line.</summary>
    public static string Write(IEnumerable<StopJobReply> replies, IEnumerable<RunnerStatus> unanswered, ChainStatus? chain) => new JsonObject
    {
        ["replies"] = new JsonArray([.. replies.Select(reply => JsonNode.Parse(Wire.Serialize(reply)))]),
        ["unanswered"] = new JsonArray([.. unanswered.Select(status => JsonNode.Parse(Wire.Serialize(status)))]),
        ["chain"] = chain is null ? null : JsonNode.Parse(Wire.Serialize(chain with { Jobs = null })),
    }.ToJsonString();
}
