using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace JobRunner.Bus.TestKit;

/// <summary>A link between a worker and its broker that can be cut, or swallow everything without a word.</summary>
public sealed class TcpProxy : IAsyncDisposable
{
    // It is closed and opened again: nobody else must be given its port meanwhile.
    private TcpListener _listener;
    private readonly int _target;
    private readonly ConcurrentDictionary<TcpClient, TcpClient?> _links = new();
    private volatile bool _swallows;
    private volatile TaskCompletionSource _flows = Open();

    private TcpProxy(int target, int port) => (_target, Port, _listener) = (target, port, new TcpListener(IPAddress.Loopback, port));

    /// <summary>Where to connect.</summary>
    public int Port { get; }

    /// <summary>Starts a proxy in front of a loopback port.</summary>
    public static TcpProxy Start(int target)
    {
        var proxy = new TcpProxy(target, RabbitMqNode.FreePort());
        proxy._listener.Start();
        _ = proxy.AcceptAsync(proxy._listener);
        return proxy;
    }

    /// <summary>Closes all connections on both sides; new ones are taken.</summary>
    public void Cut()
    {
        foreach (var (near, far) in _links)
        {
            _links.TryRemove(near, out _);
            near.Client?.Close(0);
            far?.Client?.Close(0);
        }
    }

    /// <summary>
    /// From now on nothing passes: what is connected stays so on the near side and hears nothing more, new connections are
    /// taken and hear nothing either. The far side sees its connections close.
    /// </summary>
    public void Swallow()
    {
        _swallows = true;
        foreach (var (_, far) in _links)
        {
            far?.Client?.Close(0);
        }
    }

    /// <summary>
    /// From now on nothing passes and neither side is told: connections stay, new ones are taken and hear nothing. What is
    /// sent meanwhile arrives late, after <see cref="Flow"/>.
    /// </summary>
    public void Stall() => _flows = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Lets what was held back by <see cref="Stall"/> pass, on the connections as they are.</summary>
    public void Flow() => _flows.TrySetResult();

    /// <summary>Cuts all connections and refuses new ones, as the machine of a broker that is down does.</summary>
    public void Refuse()
    {
        _listener.Stop();
        Cut();
    }

    /// <summary>Takes connections again.</summary>
    public void Accept()
    {
        _listener = new TcpListener(IPAddress.Loopback, Port);
        _listener.Start();
        _ = AcceptAsync(_listener);
    }

    /// <summary>Lets everything pass again. Old connections close.</summary>
    public void Heal()
    {
        _swallows = false;
        Cut();
        Flow();
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                var near = await listener.AcceptTcpClientAsync();
                if (_swallows)
                {
                    _links[near] = null;
                    continue;
                }

                var far = new TcpClient();
                try
                {
                    await far.ConnectAsync(IPAddress.Loopback, _target);
                }
                catch (SocketException)
                {
                    near.Client?.Close(0);
                    continue;
                }

                _links[near] = far;
                _ = PassAsync(near, far);
                _ = PassAsync(far, near);
            }
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Disposed of.
        }
    }

    private async Task PassAsync(TcpClient from, TcpClient to)
    {
        try
        {
            var buffer = new byte[64 * 1024];
            var (source, target) = (from.GetStream(), to.GetStream());
            while (await source.ReadAsync(buffer) is > 0 and var count)
            {
                await _flows.Task;
                await target.WriteAsync(buffer.AsMemory(0, count));
            }
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // Cut.
        }

        await _flows.Task;
        if (!_swallows)
        {
            from.Close();
            to.Close();
        }
    }

    private static TaskCompletionSource Open()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Flow();
        _listener.Stop();
        Cut();
        return ValueTask.CompletedTask;
    }
}
