using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>A message of a stream, such as the journal; its body is valid only until the reader goes on.</summary>
/// <param name="Exchange">The exchange it was published to, at another broker if it was carried over from there.</param>
/// <param name="Properties">AMQP properties.</param>
/// <param name="Body">The body.</param>
internal sealed record StreamMessage(string Exchange, IReadOnlyBasicProperties Properties, ReadOnlyMemory<byte> Body);
