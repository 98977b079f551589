using System.Collections.Concurrent;
using MassTransit;
using MassTransit.RabbitMqTransport;
using RabbitMQ.Client;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// The channel that commands come on. MassTransit returns a delivery to its queue only by way of a fault, logged with its stack;
/// here a consumer can ask for that quietly.
/// </summary>
/// <param name="channel">MassTransit's.</param>
/// <param name="prompt">Whether no delivery waits for another (<see cref="PromptConsumer"/>).</param>
internal sealed class CommandChannel(ChannelContext channel, bool prompt = false) : ScopeChannelContext(channel, channel.CancellationToken), ChannelContext
{
    private readonly ConcurrentDictionary<ulong, bool> _requeue = new();

    /// <summary>Has this delivery requeued once its consumer returns.</summary>
    /// <returns>Whether it can be: not on another transport.</returns>
    public static bool Requeue(ConsumeContext context) =>
        context.TryGetPayload<ChannelContext>(out var channel) && channel is CommandChannel commands
        && context.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery)
        && commands._requeue.TryAdd(delivery.DeliveryTag, true);

    Task<string> ChannelContext.BasicConsume(
        string queue, bool noAck, bool exclusive, IDictionary<string, object> arguments, IAsyncBasicConsumer consumer, string consumerTag, CancellationToken cancellationToken) =>
        BasicConsume(queue, noAck, exclusive, arguments, prompt ? new PromptConsumer(consumer) : consumer, consumerTag, cancellationToken);

    // Not by way of the base: it makes a source of cancellation for each.
    ValueTask ChannelContext.BasicAck(ulong deliveryTag, bool multiple, CancellationToken cancellationToken) =>
        _requeue.TryRemove(deliveryTag, out _)
            ? Channel.BasicNackAsync(deliveryTag, multiple: false, requeue: true, cancellationToken)
            : Channel.BasicAckAsync(deliveryTag, multiple, cancellationToken);
}
