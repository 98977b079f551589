using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>Counts the messages that are ready in queues. It publishes nothing, so an alarm of the broker does not matter.</summary>
internal static class QueueCounts
{
    private const ushort NotFound = 404;

    /// <summary>The number for each queue; <see langword="null"/> for one that is not there.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public static async Task<IReadOnlyDictionary<string, long?>> OfAsync(BrokerAddress address, IReadOnlyList<string> queues, CancellationToken cancellation)
    {
        await using var connection = await BrokerConnection.OpenAsync(address, "jobrunner (counts)", cancellation);
        var counts = new Dictionary<string, long?>();
        foreach (var queue in queues)
        {
            await connection.GuardAsync(async () =>
            {
                // A queue that is not there closes the channel.
                var channel = await connection.NewChannelAsync(null, cancellation);
                try
                {
                    counts[queue] = await channel.MessageCountAsync(queue, cancellation);
                }
                catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == NotFound)
                {
                    counts[queue] = null;
                }
            });
        }

        return counts;
    }
}
