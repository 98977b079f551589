using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Chains.Service;

/// <summary>What role <c>Chain</c> needs on the broker.</summary>
internal static class ChainTopology
{
    private static readonly string[] Commands = [ChainNames.RunChain, ChainNames.ResumeChain, ChainNames.StopChain];

    /// <summary>Whether there is a Request Manager that is told how chains go.</summary>
    public static bool HasRequestManager(RequestManagerOptions options) => !string.IsNullOrEmpty(options.BaseUrl) && !options.AnyReceiver;

    /// <summary>All of it, with what the report to a Request Manager needs or without.</summary>
    public static RoleTopology Of(RequestManagerOptions requestManager) => Of(HasRequestManager(requestManager));

    /// <summary>All of it, with what the report to a Request Manager needs or without.</summary>
    public static RoleTopology Of(bool reports)
    {
        string[] read = [.. Commands, ChainNames.JobFinished, ChainNames.Due, .. reports ? [ChainNames.Report] : Array.Empty<string>()];
        return new RoleTopology(
            WorkerRoles.Chain,
            [
                .. Commands.Append(ChainNames.ChainFinished).Append(ChainNames.GetChains).Concat(read.Select(Names.ErrorQueue))
                    .Select(name => new ExchangePart(name, ExchangeType.Fanout)),
            ],
            [
                .. read.Select(name => new QueuePart(name, BrokerTopology.QuorumArguments(), SourceOf(name) is { } exchange ? [(exchange, "")] : [])),
                .. read.Select(BrokerTopology.ErrorQueue),
            ],
            read,
            any =>
            [
                (ChainNames.WaitQueue(any), null),
                ($"{ChainNames.GetChains}.{any}", ChainNames.GetChains),
                .. reports ? [(ChainNames.DelayQueue(any), null)] : Array.Empty<(string, string?)>(),
            ]);
    }

    /// <summary>The queue where a wait of this length lies: it dead-letters back to <see cref="ChainNames.Due"/>.</summary>
    public static QueuePart WaitQueue(TimeSpan wait) =>
        new(ChainNames.WaitQueue(WaitSteps.NameOf(wait)), BrokerTopology.ReturningArguments(wait, exchange: "", ChainNames.Due), []);

    /// <summary>The queue where an end waits for its redelivery.</summary>
    public static QueuePart DelayQueue(TimeSpan delay) =>
        new(ChainNames.DelayQueue(WaitSteps.NameOf(delay)), BrokerTopology.ReturningArguments(delay, exchange: "", ChainNames.Report), []);

    private static string? SourceOf(string queue) => queue switch
    {
        ChainNames.JobFinished => Names.JobFinished,
        ChainNames.Report => ChainNames.ChainFinished,
        ChainNames.Due => null,
        _ => queue,
    };
}
