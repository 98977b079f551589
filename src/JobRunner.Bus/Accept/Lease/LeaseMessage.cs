using System.Text.Json.Serialization;

namespace JobRunner.Bus.Accept.Lease;

/// <summary>What workers say to each other on <c>run-lease</c>.</summary>
/// <param name="Worker">Who says it.</param>
/// <param name="Asks">Who runs this job? Whoever does answers.</param>
/// <param name="Claim">The claim for which it is asked.</param>
/// <param name="Holds">These jobs run here, or are claimed here with a better claim.</param>
internal sealed record LeaseMessage(string Worker, LeasedJob? Asks, string? Claim, IReadOnlyList<LeasedJob>? Holds);

/// <summary>A job, in a message about leases.</summary>
internal sealed record LeasedJob(string RequestId, string JobId);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LeaseMessage))]
internal sealed partial class LeaseJson : JsonSerializerContext;
