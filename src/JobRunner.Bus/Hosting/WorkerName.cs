using System.Globalization;

namespace JobRunner.Bus.Hosting;

/// <summary>Names this worker for people: in statuses, answers, and the broker's list of connections and queues.</summary>
public sealed class WorkerName
{
    /// <summary>Host, process id, and a part that differs per start.</summary>
    public string Value { get; } = string.Create(
        CultureInfo.InvariantCulture, $"{Environment.MachineName}.{Environment.ProcessId}.{Random.Shared.Next(0x1000, 0x10000):x4}");

    /// <summary>When the worker was started, by this machine's clock.</summary>
    internal DateTimeOffset StartedAt { get; } = TimeProvider.System.GetUtcNow();

    /// <inheritdoc/>
    public override string ToString() => Value;
}
