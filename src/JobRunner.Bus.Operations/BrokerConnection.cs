using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Operations;

/// <summary>An operator's connection. Everything it throws is a <see cref="SchedulerBusException"/>, but for cancellation.</summary>
internal sealed class BrokerConnection : IAsyncDisposable
{
    private readonly BrokerAddress _address;
    private readonly IConnection _connection;

    private BrokerConnection(BrokerAddress address, IConnection connection)
    {
        _address = address;
        _connection = connection;
    }

    /// <summary>Connects.</summary>
    public static async Task<BrokerConnection> OpenAsync(BrokerAddress address, string clientName, CancellationToken cancellation)
    {
        try
        {
            return new BrokerConnection(address, await address.ConnectAsync(clientName, null, cancellation));
        }
        catch (Exception error) when (!cancellation.IsCancellationRequested && (BrokerFaults.IsBrokers(error) || error is OperationCanceledException))
        {
            throw new SchedulerBusException(BrokerFaults.Describe(error, address), error);
        }
    }

    /// <summary>What a worker would say of the broker's version.</summary>
    public PreflightFinding Version => BrokerVersion.Check(_address.Endpoint, _connection.ServerProperties);

    /// <summary>Opens a channel of its own, which goes with the connection. What it throws is not explained: see <see cref="GuardAsync"/>.</summary>
    public Task<IChannel> NewChannelAsync(CreateChannelOptions? options, CancellationToken cancellation) =>
        _connection.CreateChannelAsync(options, cancellation);

    /// <summary>Runs an action; what the broker has against it becomes a <see cref="SchedulerBusException"/>.</summary>
    public async Task GuardAsync(Func<Task> action)
    {
        try
        {
            await action();
        }
        catch (Exception error) when (BrokerFaults.IsBrokers(error))
        {
            throw new SchedulerBusException(BrokerFaults.Describe(error, _address), error);
        }
    }

    /// <summary>Why a channel or connection ended.</summary>
    public SchedulerBusException Lost(ShutdownEventArgs shutdown) =>
        new($"the connection to the broker at {_address.Endpoint} was lost ({shutdown.ReplyText})");

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _connection.DisposeAsync();
        }
        catch (Exception error) when (BrokerFaults.IsBrokers(error))
        {
            // Going anyway; the broker notices by itself.
        }
    }
}
