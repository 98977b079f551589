namespace JobRunner.Bus.Chains.Service.Store;

/// <summary>A chain after an event, as the store has it.</summary>
/// <param name="State">How it stands.</param>
/// <param name="Version">Counts the events that changed it.</param>
/// <param name="Effects">What is to be done; the store keeps it until it hears that it was.</param>
/// <param name="NewSince">When the event happened, by <see cref="TimeProvider.GetTimestamp"/>; absent where its effects may have been done before.</param>
internal sealed record StoredChain(ChainState State, long Version, IReadOnlyList<ChainEffect> Effects, long? NewSince = null);

/// <summary>What changes of a chain beside its jobs.</summary>
internal sealed record ChainHead(bool IsStopping, int InFlight, IReadOnlyList<int> Retrying, DateTimeOffset LastSentAt, DateTimeOffset? EndedAt);
