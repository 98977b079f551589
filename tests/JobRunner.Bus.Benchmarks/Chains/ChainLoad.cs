using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using RabbitMQ.Client;

namespace JobRunner.Bus.Benchmarks.Chains;

/// <summary>Sends chains to a virtual host and hears of their ends, on RabbitMQ.Client alone.</summary>
internal sealed class ChainLoad : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    private readonly IConnection _connection;
    private readonly ConcurrentDictionary<string, bool> _ended = new(StringComparer.Ordinal);
    private TaskCompletionSource _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _awaited;
    private int _failed;

    private ChainLoad(IConnection connection, IChannel channel) => (_connection, Channel) = (connection, channel);

    public IChannel Channel { get; }

    public static async Task<ChainLoad> OpenAsync(Uri broker)
    {
        var connection = await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        var load = new ChainLoad(connection, await connection.CreateChannelAsync(new CreateChannelOptions(true, true, new ThrottlingRateLimiter(2048))));
        await Broker.Consumers.ConsumeAsync(load.Channel, await load.HearAsync("chain-finished"), autoAck: true, (_, body) => load.Ended(body));
        return load;
    }

    /// <summary>A queue of its own that gets what comes to an exchange from now on.</summary>
    public async Task<string> HearAsync(string exchange)
    {
        var queue = (await Channel.QueueDeclareAsync()).QueueName;
        await Channel.QueueBindAsync(queue, exchange, "");
        return queue;
    }

    /// <summary>Sends; returns once the broker has all.</summary>
    public Task SendAsync(string exchange, IEnumerable<byte[]> bodies) => Task.WhenAll(bodies.Select(body => Channel.BasicPublishAsync(
        exchange, "", mandatory: true, new BasicProperties { ContentType = "application/json", DeliveryMode = DeliveryModes.Persistent }, body).AsTask()));

    /// <summary>Has chains run to their end, all of them sent at once.</summary>
    /// <exception cref="InvalidOperationException">A chain did not end, or not well.</exception>
    public async Task RunAsync(IReadOnlyCollection<byte[]> chains)
    {
        _ended.Clear();
        _awaited = chains.Count;
        _all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync("run-chain", chains);
        await _all.Task.WaitAsync(Patience).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_ended.Count != chains.Count || _failed > 0)
        {
            throw new InvalidOperationException($"{_ended.Count} of {chains.Count} chains have ended, {_failed} of them not COMPLETE");
        }

        await Channel.QueuePurgeAsync("job-log-recorded");
    }

    private void Ended(ReadOnlyMemory<byte> body)
    {
        var end = JsonNode.Parse(body.Span)!;
        if (_ended.TryAdd((string)end["requestId"]!, true))
        {
            _failed += (int)end["state"]! == 3 ? 0 : 1;
            if (_ended.Count == _awaited)
            {
                _all.TrySetResult();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Channel.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
