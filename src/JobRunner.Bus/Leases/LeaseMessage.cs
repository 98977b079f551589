using System.Text.Json.Serialization;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;

namespace JobRunner.Bus.Leases;

/// <summary>What workers say to each other on <c>run-lease</c>.</summary>
/// <param name="Worker">Who says it.</param>
/// <param name="Asks">Who runs this job? Whoever does answers.</param>
/// <param name="Claim">The claim with which it is asked or taken over; workers of the version before compare them.</param>
/// <param name="Holds">These jobs run here, or are just being taken over here.</param>
/// <param name="Takes">This leg of a run is taken over, since nobody answered for a lease: whoever still runs it abandons it.</param>
internal sealed record LeaseMessage(
    string Worker, LeasedJob? Asks = null, string? Claim = null, IReadOnlyList<LeasedJob>? Holds = null, LeasedLeg? Takes = null);

/// <summary>A job, in a message about leases.</summary>
internal sealed record LeasedJob(string RequestId, string JobId)
{
    /// <summary>What its runner is known by.</summary>
    [JsonIgnore]
    public RunnerKey Key => new(RequestId, JobId);
}

/// <summary>A leg of a run, in a message about leases.</summary>
/// <param name="RequestId">Its request.</param>
/// <param name="JobId">Its job.</param>
/// <param name="Leg">Its id; none for a command straight from its scheduler.</param>
/// <param name="PrevTries">As its command says.</param>
/// <param name="TotalTries">As its command says.</param>
/// <param name="SentAt">When its scheduler sent it.</param>
internal sealed record LeasedLeg(string RequestId, string JobId, string? Leg, long PrevTries, long TotalTries, DateTimeOffset? SentAt)
{
    public static LeasedLeg Of(CommandDelivery delivery) => new(
        delivery.Command.RequestId,
        delivery.Command.Job.Id,
        delivery.Leg.Id,
        delivery.ArrivedWith.PrevTries,
        delivery.ArrivedWith.TotalTries,
        delivery.SentAt);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LeaseMessage))]
internal sealed partial class LeaseJson : JsonSerializerContext;
