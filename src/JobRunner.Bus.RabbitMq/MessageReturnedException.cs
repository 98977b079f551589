namespace JobRunner.Bus.RabbitMq;

/// <summary>The broker sent a message back: no queue takes it.</summary>
internal sealed class MessageReturnedException(string exchange, string routingKey) : IOException(
    exchange.Length == 0 ? $"there is no queue {routingKey}" : $"exchange {exchange} has no queue for it");
