using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>A queue of this process's own and what arrived in it. The queue goes with it, or with the connection.</summary>
internal sealed class BrokerInbox<TItem> : IAsyncDisposable
    where TItem : class
{
    private readonly Channel<TItem> _items = Channel.CreateUnbounded<TItem>();
    private readonly IChannel _channel;
    private readonly BrokerAddress _address;
    private string _consumerTag = "";

    private BrokerInbox(IChannel channel, BrokerAddress address)
    {
        _channel = channel;
        _address = address;
        _channel.ChannelShutdownAsync += OnShutdownAsync;
    }

    /// <summary>Name of the queue, to be given as reply-to.</summary>
    public string Queue { get; private set; } = "";

    /// <summary>What arrived.</summary>
    public ChannelReader<TItem> Items => _items.Reader;

    /// <summary>Declares the queue, binds it, and starts to read it.</summary>
    public static async Task<BrokerInbox<TItem>> OpenAsync(
        IChannel channel,
        IReadOnlyList<string> exchanges,
        Func<BasicDeliverEventArgs, TItem?> read,
        BrokerAddress address,
        CancellationToken cancellation)
    {
        var inbox = new BrokerInbox<TItem>(channel, address);
        var queue = await channel.QueueDeclareAsync(
            "", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellation);
        inbox.Queue = queue.QueueName;
        foreach (var exchange in exchanges)
        {
            await channel.QueueBindAsync(inbox.Queue, exchange, routingKey: "", cancellationToken: cancellation);
        }

        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += (_, delivery) =>
        {
            if (read(delivery) is { } item)
            {
                inbox._items.Writer.TryWrite(item);
            }

            return Task.CompletedTask;
        };
        inbox._consumerTag = await channel.BasicConsumeAsync(inbox.Queue, autoAck: true, consumer, cancellation);
        return inbox;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.ChannelShutdownAsync -= OnShutdownAsync;
        _items.Writer.TryComplete();
        try
        {
            // The queue deletes itself with its last consumer.
            await _channel.BasicCancelAsync(_consumerTag);
        }
        catch (Exception error) when (BrokerErrors.IsBrokers(error))
        {
            // The connection is gone, and the queue with it.
        }
    }

    private Task OnShutdownAsync(object sender, ShutdownEventArgs reason)
    {
        _items.Writer.TryComplete(BrokerErrors.Explain(reason, _address));
        return Task.CompletedTask;
    }
}
