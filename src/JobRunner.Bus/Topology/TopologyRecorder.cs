using System.Reflection;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>An exchange as it is declared.</summary>
internal sealed record DeclaredExchange(string Name, string Type, bool Durable);

/// <summary>A queue or stream as it is declared.</summary>
internal sealed record DeclaredQueue(string Name, bool Durable, IReadOnlyDictionary<string, object?> Arguments);

/// <summary>A binding of a queue to an exchange.</summary>
internal sealed record DeclaredBinding(string Exchange, string Queue, string RoutingKey);

/// <summary>What workers declare.</summary>
internal sealed record DeclaredTopology(
    IReadOnlyList<DeclaredExchange> Exchanges, IReadOnlyList<DeclaredQueue> Queues, IReadOnlyList<DeclaredBinding> Bindings);

/// <summary>Writes down what <see cref="BrokerTopology"/> declares, by letting it declare to nobody.</summary>
internal static class TopologyRecorder
{
    /// <summary>What a worker with these settings declares, and the wait queues of the given waits.</summary>
    public static async Task<DeclaredTopology> RecordAsync(WorkerOptions options, IEnumerable<TimeSpan> waits, CancellationToken cancellationToken)
    {
        var channel = DispatchProxy.Create<IChannel, RecordingChannel>();
        var recorded = (RecordingChannel)(object)channel;
        await using var link = new RecordingLink(channel);
        var topology = new BrokerTopology(link, Options.Create(options), NullLogger<BrokerTopology>.Instance);
        await topology.DeclareAsync(cancellationToken);
        foreach (var wait in waits)
        {
            await topology.EnsureWaitQueueAsync(WaitSteps.RoundUp(wait), cancellationToken);
        }

        return new DeclaredTopology([.. recorded.Exchanges.Distinct()], recorded.Queues, recorded.Bindings);
    }

    private sealed class RecordingLink(IChannel channel)
        : BrokerLink(Options.Create(new RabbitMqOptions()), new WorkerName(), NullLogger<BrokerLink>.Instance)
    {
        public override Task UseAsync(Func<IChannel, Task> work, CancellationToken cancellationToken) => work(channel);
    }

    /// <summary>A channel that takes declarations and nothing else.</summary>
    private class RecordingChannel : DispatchProxy
    {
        public List<DeclaredExchange> Exchanges { get; } = [];

        public List<DeclaredQueue> Queues { get; } = [];

        public List<DeclaredBinding> Bindings { get; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var named = targetMethod!.GetParameters().Zip(args!).ToDictionary(pair => pair.First.Name!, pair => pair.Second);
            switch (targetMethod.Name)
            {
                case nameof(IChannel.ExchangeDeclareAsync):
                    Exchanges.Add(new DeclaredExchange((string)named["exchange"]!, (string)named["type"]!, (bool)named["durable"]!));
                    return Task.CompletedTask;
                case nameof(IChannel.QueueDeclareAsync):
                    var name = (string)named["queue"]!;
                    var arguments = (IDictionary<string, object?>?)named["arguments"] ?? new Dictionary<string, object?>();
                    Queues.Add(new DeclaredQueue(name, (bool)named["durable"]!, new SortedDictionary<string, object?>(arguments, StringComparer.Ordinal)));
                    return Task.FromResult(new QueueDeclareOk(name, 0, 0));
                case nameof(IChannel.QueueBindAsync):
                    Bindings.Add(new DeclaredBinding((string)named["exchange"]!, (string)named["queue"]!, (string)named["routingKey"]!));
                    return Task.CompletedTask;
                default:
                    throw new NotSupportedException($"{targetMethod.Name} is no declaration that can be written down.");
            }
        }
    }
}
