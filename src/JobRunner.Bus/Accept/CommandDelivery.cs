using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Accept;

/// <summary>A command as it was delivered.</summary>
/// <param name="Command">The command.</param>
/// <param name="SentAt">When its scheduler sent it, from the body or the AMQP timestamp; unknown without either.</param>
/// <param name="Leg">The leg of its run that this is.</param>
/// <param name="DueAt">When its next try is due; none for at once.</param>
internal sealed record CommandDelivery(RunJob Command, DateTimeOffset? SentAt, RunLeg Leg, DateTimeOffset? DueAt);
