using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Command: stop a chain. Sent to exchange <c>stop-chain</c>. No further job is started, those that run are told to stop, and
/// the chain ends when the last of them has.
/// </summary>
public sealed record StopChain
{
    /// <summary>Id of the request.</summary>
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
