using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runners;

namespace JobRunner.Bus.Runs;

/// <summary>A command as it was delivered.</summary>
/// <param name="Command">The command.</param>
/// <param name="SentAt">When its scheduler says that it sent it, in the body or the AMQP timestamp: with the counters it names the run.</param>
/// <param name="Leg">The leg of its run that this is.</param>
/// <param name="DueAt">When its next try is due, by the clock of whoever sent it on; none for at once.</param>
internal sealed record CommandDelivery(RunJob Command, DateTimeOffset? SentAt, RunLeg Leg, DateTimeOffset? DueAt)
{
    /// <summary>The job, among those of all requests.</summary>
    public RunnerKey Key => new(Command.RequestId, Command.Job.Id);

    /// <summary>When it was sent, as far as that tells it from stops; unknown where it states a time that nobody means.</summary>
    public DateTimeOffset? Order { get; init; } = SentAt;

    /// <summary>Whether it was delivered before: its worker may have died in the middle of the run, or be cut off and still run it.</summary>
    public bool Redelivered { get; init; }

    /// <summary>Whether it was delivered before, whatever has been found out about it since.</summary>
    public bool WasRedelivered { get; init; }

    /// <summary>How often a worker failed to run it, by an error of the worker's own.</summary>
    public int Failures { get; init; }

    /// <summary>The counters it arrived with; they stay when a crash resume moves the command's own on.</summary>
    public TryCounters ArrivedWith { get; init; } = new(Command.PrevTries, Command.TotalTries);

    /// <summary>The command to send on when it is not due yet. Moved on from what arrived, it is a leg of its own.</summary>
    public (RunJob Command, RunLeg Leg) ToSendOn() => (
        Command with { SentAt = Command.SentAt ?? SentAt },
        Leg.Id is null || ArrivedWith != new TryCounters(Command.PrevTries, Command.TotalTries) ? Leg.After(0) : Leg);
}
