namespace JobRunner.Bus.Hosting;

/// <summary>Whether this worker takes work, and if not, why. Safe for use by any thread.</summary>
public sealed class WorkerReadiness
{
    /// <summary>The worker has yet to open its queues, or drains.</summary>
    internal const string Intake = "intake";

    /// <summary>There is no connection to the broker.</summary>
    internal const string Broker = "broker";

    /// <summary>The broker reads nothing that is published, for want of memory or disk space.</summary>
    internal const string Alarm = "alarm";

    /// <summary>An exchange or queue that this worker needs is missing.</summary>
    internal const string Topology = "topology";

    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, string> _reasons = new(StringComparer.Ordinal) { [Intake] = "starting" };
    private volatile string? _notReady = "starting";

    /// <summary>Why it takes no work, every reason there is; <see langword="null"/> when it takes work.</summary>
    public string? NotReady => _notReady;

    /// <summary>Why it ended by itself before it took any work, each with what to do; empty when it did not.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    internal void Refuse(IReadOnlyList<string> reasons)
    {
        Refused = reasons;
        Set(reasons[0]);
    }

    /// <summary>Why the worker itself takes no work; <see langword="null"/> when it does.</summary>
    internal void Set(string? notReady) => Set(Intake, notReady);

    /// <summary>Why it takes no work as far as one thing is concerned; <see langword="null"/> when that is well.</summary>
    internal void Set(string about, string? reason)
    {
        lock (_lock)
        {
            if (reason is null)
            {
                _reasons.Remove(about);
            }
            else
            {
                _reasons[about] = reason;
            }

            _notReady = _reasons.Count == 0 ? null : string.Join("; ", _reasons.Values);
        }
    }
}
