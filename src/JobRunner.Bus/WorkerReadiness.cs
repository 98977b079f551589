namespace JobRunner.Bus;

/// <summary>Whether this worker takes work.</summary>
public sealed class WorkerReadiness
{
    private volatile string? _notReady = "starting";

    /// <summary>Why it takes no work; <see langword="null"/> when it does.</summary>
    public string? NotReady => _notReady;

    internal void Set(string? notReady) => _notReady = notReady;
}
