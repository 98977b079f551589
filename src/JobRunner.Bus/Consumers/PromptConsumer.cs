using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace JobRunner.Bus.Consumers;

/// <summary>
/// Has each delivery consumed as it comes, whatever becomes of those before: the prefetch count says how many at once. RabbitMQ.Client alone
/// needs a loop for each of those, and wakes all that are idle for every delivery.
/// </summary>
internal sealed class PromptConsumer(IAsyncBasicConsumer consumer) : IAsyncBasicConsumer
{
    public IChannel? Channel => consumer.Channel;

    public Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        // The client uses its memory again once this returns.
        var own = body.ToArray();
        var consuming = consumer.HandleBasicDeliverAsync(consumerTag, deliveryTag, redelivered, exchange, routingKey, properties, own, cancellationToken);
        // The client tells what failed at once. What fails later, MassTransit's consumer logs, and the delivery goes back to its queue.
        return consuming.IsFaulted ? consuming : Task.CompletedTask;
    }

    public Task HandleBasicConsumeOkAsync(string consumerTag, CancellationToken cancellationToken = default) =>
        consumer.HandleBasicConsumeOkAsync(consumerTag, cancellationToken);

    public Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default) =>
        consumer.HandleBasicCancelAsync(consumerTag, cancellationToken);

    public Task HandleBasicCancelOkAsync(string consumerTag, CancellationToken cancellationToken = default) =>
        consumer.HandleBasicCancelOkAsync(consumerTag, cancellationToken);

    public Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason) => consumer.HandleChannelShutdownAsync(channel, reason);
}
