using System.Runtime.CompilerServices;
using MassTransit;
using MassTransit.RabbitMqTransport;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Tells when the broker stops reading from a connection that publishes, for want of memory or disk space, and when it
/// reads again. MassTransit shows its connection only to what receives on it.
/// </summary>
internal sealed class BlockedWatch(ILogger<BlockedWatch> logger) : IReceiveObserver
{
    private readonly ConditionalWeakTable<IConnection, object> _watched = [];

    /// <summary>Watches a connection; once, however often it is told.</summary>
    public void Watch(IConnection connection)
    {
        if (!_watched.TryAdd(connection, this))
        {
            return;
        }

        var name = connection.ClientProvidedName ?? "";
        connection.ConnectionBlockedAsync += (_, blocked) =>
        {
            BrokerLog.Blocked(logger, name, blocked.Reason);
            return Task.CompletedTask;
        };
        connection.ConnectionUnblockedAsync += (_, _) =>
        {
            BrokerLog.Unblocked(logger, name);
            return Task.CompletedTask;
        };
    }

    public Task PreReceive(ReceiveContext context)
    {
        if (context.TryGetPayload<ConnectionContext>(out var connection))
        {
            Watch(connection.Connection);
        }

        return Task.CompletedTask;
    }

    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType)
        where T : class => Task.CompletedTask;

    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception)
        where T : class => Task.CompletedTask;

    public Task ReceiveFault(ReceiveContext context, Exception exception) => Task.CompletedTask;
}
