using System.Text.Json;
using System.Text.Json.Serialization;

namespace JobRunner.Bus.Contracts;

/// <summary>
/// Command: take no more commands and hand over what runs. Sent to exchange <c>worker.drain</c> with the worker's name as routing key;
/// the worker answers a reply-to with its <see cref="WorkerStatus"/>. It may come again: the answer tells how far the drain is.
/// </summary>
public sealed record DrainWorker
{
    /// <summary>Who wants it, for people to read; the worker says it while it takes no work.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? By { get; init; }

    /// <summary>Fields this version does not know.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Unknown { get; set; }
}
