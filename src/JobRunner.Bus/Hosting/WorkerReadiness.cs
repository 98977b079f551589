namespace JobRunner.Bus.Hosting;

/// <summary>Whether this worker takes work.</summary>
public sealed class WorkerReadiness
{
    private volatile string? _notReady = "starting";

    /// <summary>Why it takes no work; <see langword="null"/> when it does.</summary>
    public string? NotReady => _notReady;

    /// <summary>Why it ended by itself before it took any work, each with what to do; empty when it did not.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    internal void Refuse(IReadOnlyList<string> reasons)
    {
        Refused = reasons;
        Set(reasons[0]);
    }

    internal void Set(string? notReady) => _notReady = notReady;
}
