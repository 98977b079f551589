using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Topology;

/// <summary>Tries things out on a channel of its own, which the broker closes when it refuses one; then there is another.</summary>
internal sealed class PreflightProbe(IConnection connection) : IAsyncDisposable
{
    /// <summary>No permission.</summary>
    public const ushort AccessRefused = 403;

    /// <summary>There is no such thing.</summary>
    public const ushort NotFound = 404;

    private const ushort PreconditionFailed = 406;
    private const ushort NotAllowed = 530;
    private const ushort NotImplemented = 540;

    private IChannel? _channel;

    /// <summary>Tries something. What the broker refuses for good is returned; <see langword="null"/> when it is done.</summary>
    /// <exception cref="Exception">The broker could not do it now.</exception>
    public async Task<ShutdownEventArgs?> TryAsync(Func<IChannel, Task> work, CancellationToken cancellationToken)
    {
        if (_channel is not { IsOpen: true })
        {
            await DisposeAsync();
            _channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        }

        try
        {
            await work(_channel);
            return null;
        }
        catch (OperationInterruptedException error) when (
            error.ShutdownReason is { ReplyCode: AccessRefused or NotFound or PreconditionFailed or NotAllowed or NotImplemented })
        {
            return error.ShutdownReason;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_channel is not null)
        {
            await _channel.DisposeAsync();
        }
    }
}
