namespace JobRunner.Bus.Chains.Service.Tests.Chaos;

/// <summary>What was sent, and everything that was heard of it.</summary>
internal sealed record ChainHistory
{
    public IReadOnlyList<SentChain> Sent { get; init; } = [];

    public IReadOnlyList<HeardTry> Tries { get; init; } = [];

    public IReadOnlyList<HeardEnd> Ends { get; init; } = [];

    /// <summary>Request id → when its stop was answered.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> StopsAnswered { get; init; } = new Dictionary<string, DateTimeOffset>();
}

/// <param name="RequestId">Id of the request.</param>
/// <param name="Previous">Job id → ids of the jobs it follows.</param>
/// <param name="AlwaysFail">Jobs that can only fail.</param>
internal sealed record SentChain(string RequestId, IReadOnlyDictionary<string, IReadOnlyList<string>> Previous, IReadOnlyList<string> AlwaysFail);

/// <summary>A job log, which may be heard twice.</summary>
internal sealed record HeardTry(string RequestId, string JobId, int Number, long StartedAt, long FinishedAt, int State);

/// <summary>The end of a chain, which may be heard twice.</summary>
/// <param name="RequestId">Id of the request.</param>
/// <param name="State">The chain's.</param>
/// <param name="FinishedJobs">As it was told.</param>
/// <param name="Jobs">Job id → state and tries.</param>
internal sealed record HeardEnd(string RequestId, int State, int FinishedJobs, IReadOnlyDictionary<string, (int State, int Tries)> Jobs);
