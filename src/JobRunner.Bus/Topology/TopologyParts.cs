namespace JobRunner.Bus.Topology;

/// <summary>A durable exchange.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">Its type, such as <c>fanout</c>.</param>
internal sealed record ExchangePart(string Name, string Type);

/// <summary>A durable queue or stream.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Arguments">Its arguments; a queue that is there with others is refused by the broker.</param>
/// <param name="Bindings">Where its messages come from: exchange and routing key.</param>
internal sealed record QueuePart(string Name, Dictionary<string, object?> Arguments, IReadOnlyList<(string Exchange, string RoutingKey)> Bindings)
{
    /// <summary>Whether it is a stream.</summary>
    public bool IsStream => Arguments["x-queue-type"] is "stream";
}
