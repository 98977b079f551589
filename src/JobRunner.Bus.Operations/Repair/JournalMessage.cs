using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>A message of the journal; its body is valid only until the reader goes on.</summary>
/// <param name="Exchange">The exchange it was published to.</param>
/// <param name="Properties">AMQP properties.</param>
/// <param name="Body">The body.</param>
internal sealed record JournalMessage(string Exchange, IReadOnlyBasicProperties Properties, ReadOnlyMemory<byte> Body);
