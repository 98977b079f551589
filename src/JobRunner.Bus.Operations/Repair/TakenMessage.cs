using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>A message taken from a queue.</summary>
/// <param name="WasDelivered">Whether somebody had it before.</param>
/// <param name="Properties">AMQP properties.</param>
/// <param name="Body">The body.</param>
internal sealed record TakenMessage(bool WasDelivered, IReadOnlyBasicProperties Properties, ReadOnlyMemory<byte> Body);
