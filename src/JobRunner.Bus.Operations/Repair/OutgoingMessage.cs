using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>A message to publish.</summary>
/// <param name="Exchange">The exchange; empty for straight into a queue.</param>
/// <param name="RoutingKey">The routing key; the queue's name without an exchange.</param>
/// <param name="Properties">AMQP properties.</param>
/// <param name="Body">The body.</param>
internal sealed record OutgoingMessage(string Exchange, string RoutingKey, BasicProperties Properties, ReadOnlyMemory<byte> Body);
