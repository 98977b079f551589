namespace JobRunner.Bus.Runs;

/// <summary>A run may go from worker to worker between its tries; a leg is what one of them does of it.</summary>
/// <param name="Id">Differs per leg; none for a command straight from its scheduler.</param>
/// <param name="TriesBefore">Tries of the run that earlier legs used up.</param>
internal sealed record RunLeg(string? Id, long TriesBefore)
{
    /// <summary>A run that starts here.</summary>
    public static RunLeg First { get; } = new(null, 0);

    /// <summary>When a worker first saw the command, by its own clock; only where the time that the command states is of no use.</summary>
    public DateTimeOffset? SeenAt { get; init; }

    /// <summary>What is left of its wait after its stay in the broker; unknown of a leg that the version before sent.</summary>
    public TimeSpan? WaitLeft { get; init; }

    /// <summary>When the first leg of the run began; unknown of the first, and of those that the version before sent.</summary>
    public DateTimeOffset? RunStartedAt { get; init; }

    /// <summary>The leg after one that used up this many tries.</summary>
    public RunLeg After(long tries) => new(Guid.NewGuid().ToString("N"), TriesBefore + tries) { SeenAt = SeenAt, RunStartedAt = RunStartedAt };
}
