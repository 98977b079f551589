using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Chains.Service;

/// <summary>Declares what the chain service needs on the broker.</summary>
internal sealed class ChainTopology(BrokerLink link)
{
    private static readonly string[] Own = [ChainNames.RunChain, ChainNames.ResumeChain, ChainNames.StopChain];

    /// <summary>The queues, each with the exchange it is bound to; error queues have exchanges of their names, as MassTransit declares them.</summary>
    public static IReadOnlyList<(string Queue, string? Exchange)> Queues { get; } =
    [
        .. Own.Select(name => (name, (string?)name)),
        (ChainNames.JobFinished, Names.JobFinished),
        (ChainNames.Due, null),
        .. Own.Append(ChainNames.JobFinished).Append(ChainNames.Due).Select(name => (Names.ErrorQueue(name), (string?)Names.ErrorQueue(name))),
    ];

    /// <summary>Declares all but the wait queues.</summary>
    public Task DeclareAsync(CancellationToken cancellationToken) => link.UseAsync(async channel =>
    {
        foreach (var exchange in Queues.Select(queue => queue.Exchange).OfType<string>().Append(ChainNames.ChainFinished))
        {
            await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
        }

        foreach (var (queue, exchange) in Queues)
        {
            await channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false, BrokerTopology.QuorumArguments(), cancellationToken: cancellationToken);
            if (exchange is not null)
            {
                await channel.QueueBindAsync(queue, exchange, "", cancellationToken: cancellationToken);
            }
        }
    }, cancellationToken);

    /// <summary>Makes sure that the queue of this wait is there; a wait is seldom, so the broker is asked each time.</summary>
    public Task DeclareWaitAsync(TimeSpan wait, CancellationToken cancellationToken) => link.UseAsync(
        channel => channel.QueueDeclareAsync(
            ChainNames.WaitQueue(wait), durable: true, exclusive: false, autoDelete: false,
            BrokerTopology.ReturningArguments(wait, exchange: "", ChainNames.Due), cancellationToken: cancellationToken),
        cancellationToken);
}
