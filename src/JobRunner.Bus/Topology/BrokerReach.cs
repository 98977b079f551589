using System.Net;
using System.Net.Sockets;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Topology;

/// <summary>Tells a broker that is down, for all who use it, from one that this worker does not reach.</summary>
internal sealed class BrokerReach(IOptions<RabbitMqOptions> options, TimeProvider time)
{
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether every address of every node refuses connections: then it is down.</summary>
    public async Task<bool> IsRefusedEverywhereAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(patience);
        try
        {
            foreach (var endpoint in BrokerNodes.Of(options.Value))
            {
                foreach (var address in await Dns.GetHostAddressesAsync(endpoint.HostName, timeout.Token))
                {
                    if (!await RefusesAsync(address, endpoint.Port, timeout.Token))
                    {
                        return false;
                    }
                }
            }

            return true;
        }
        catch (Exception error) when (error is SocketException or OperationCanceledException)
        {
            // Nobody answered, or the name is not known: others may see more.
            return false;
        }
    }

    private static async Task<bool> RefusesAsync(IPAddress address, int port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(address, port, cancellationToken);
            return false;
        }
        catch (SocketException error) when (error.SocketErrorCode == SocketError.ConnectionRefused)
        {
            return true;
        }
    }

    /// <summary>Waits while every address of the broker refuses connections.</summary>
    public async Task WhileRefusedAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested && await IsRefusedEverywhereAsync(BetweenLooks, stopping))
        {
            await Task.Delay(BetweenLooks, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
