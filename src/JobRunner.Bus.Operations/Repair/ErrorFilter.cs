namespace JobRunner.Bus.Operations.Repair;

/// <summary>Which messages of the error queues are meant: those for which everything given holds.</summary>
internal sealed record ErrorFilter
{
    /// <summary>Of this request.</summary>
    public string? RequestId { get; init; }

    /// <summary>Of this job.</summary>
    public string? JobId { get; init; }

    /// <summary>Of this try.</summary>
    public long? Try { get; init; }

    /// <summary>Whose reason holds this text, in upper or lower case.</summary>
    public string? Reason { get; init; }

    /// <summary>Whose reason is of this kind (<see cref="ErrorReasons.KindOf"/>).</summary>
    public string? Kind { get; init; }

    /// <summary>The one message that would be sent back as this leg (<see cref="SendBack.LegOf"/>).</summary>
    public string? Leg { get; init; }

    /// <summary>Failed before this time.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>Failed after this time.</summary>
    public DateTimeOffset? After { get; init; }

    /// <summary>Whether nothing is given, so that every message is meant.</summary>
    public bool IsEmpty => this == new ErrorFilter();

    /// <summary>Whether a message is meant. One that does not tell what is asked for is not.</summary>
    public bool Matches(ErrorMessage message) =>
        (RequestId is null || message.RequestId == RequestId)
        && (JobId is null || message.JobId == JobId)
        && (Try is null || message.Try == Try)
        && (Reason is null || message.Reason.Contains(Reason, StringComparison.OrdinalIgnoreCase))
        && (Kind is null || ErrorReasons.KindOf(message.Reason) == Kind)
        && (Before is null || message.FailedAt < Before)
        && (After is null || message.FailedAt > After)
        && (Leg is null || SendBack.LegOf(message) == Leg);
}
