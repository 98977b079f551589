namespace JobRunner.Bus.Contracts;

/// <summary>What the chain service sends itself through a wait queue: the wait before a sequence is tried again is over.</summary>
internal sealed record ChainDue
{
    public string RequestId { get; init => field = value ?? ""; } = "";

    /// <summary>The job that waits.</summary>
    public string JobId { get; init => field = value ?? ""; } = "";

    /// <summary>Which of its runs.</summary>
    public DateTimeOffset SentAt { get; init; }
}
