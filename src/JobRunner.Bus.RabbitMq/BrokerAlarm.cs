using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>Whether the broker reads from a connection. Short of memory or disk space it reads from none that publishes.</summary>
internal sealed class BrokerAlarm
{
    private readonly TimeProvider _time;
    private volatile string? _reason;
    private long _changedAt;

    /// <summary>Watches a connection.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="time">The clock.</param>
    /// <param name="changed">Told why the broker stops to read, and <see langword="null"/> when it reads again.</param>
    public BrokerAlarm(IConnection connection, TimeProvider time, Action<string?>? changed = null)
    {
        _time = time;
        connection.ConnectionBlockedAsync += (_, blocked) => ChangeAsync(blocked.Reason, changed);
        connection.ConnectionUnblockedAsync += (_, _) => ChangeAsync(null, changed);
    }

    /// <summary>Why the broker does not read; <see langword="null"/> when it does.</summary>
    public string? Reason => _reason;

    /// <summary>When that changed last, by the clock of <see cref="TimeProvider.GetTimestamp"/>.</summary>
    public long ChangedAt => Volatile.Read(ref _changedAt);

    private Task ChangeAsync(string? reason, Action<string?>? changed)
    {
        Volatile.Write(ref _changedAt, _time.GetTimestamp());
        _reason = reason;
        changed?.Invoke(reason);
        return Task.CompletedTask;
    }
}
