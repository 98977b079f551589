using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Operations;

/// <summary>Counts the messages that are ready in queues. It publishes nothing, so an alarm of the broker does not matter.</summary>
internal sealed class QueueCounts : IAsyncDisposable
{
    private const ushort NotFound = 404;

    private readonly BrokerConnection _connection;

    public QueueCounts(BrokerConnection connection) => _connection = connection;

    /// <summary>Connects, to count again and again.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public static async Task<QueueCounts> OpenAsync(BrokerAddress address, string clientName, CancellationToken cancellation) =>
        new(await BrokerConnection.OpenAsync(address, clientName, cancellation));

    /// <summary>Counts once.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public static async Task<IReadOnlyDictionary<string, long?>> OfAsync(BrokerAddress address, IReadOnlyList<string> queues, CancellationToken cancellation)
    {
        await using var counts = await OpenAsync(address, "jobrunner (counts)", cancellation);
        return await counts.OfAsync(queues, cancellation);
    }

    /// <summary>What a worker would say of the broker's version.</summary>
    public PreflightFinding Version => _connection.Version;

    /// <summary>The number for each queue; <see langword="null"/> for one that is not there.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public async Task<IReadOnlyDictionary<string, long?>> OfAsync(IReadOnlyList<string> queues, CancellationToken cancellation) =>
        (await StatesOfAsync(queues, cancellation)).ToDictionary(queue => queue.Key, queue => queue.Value?.Messages);

    /// <summary>The same with who reads them.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    public async Task<IReadOnlyDictionary<string, QueueState?>> StatesOfAsync(IReadOnlyList<string> queues, CancellationToken cancellation)
    {
        var counts = new Dictionary<string, QueueState?>();
        foreach (var queue in queues)
        {
            await _connection.GuardAsync(async () =>
            {
                // A queue that is not there closes the channel.
                await using var channel = await _connection.NewChannelAsync(null, cancellation);
                try
                {
                    var told = await channel.QueueDeclarePassiveAsync(queue, cancellation);
                    counts[queue] = new QueueState(told.MessageCount, told.ConsumerCount);
                }
                catch (OperationInterruptedException error) when (error.ShutdownReason?.ReplyCode == NotFound)
                {
                    counts[queue] = null;
                }
            });
        }

        return counts;
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();
}
