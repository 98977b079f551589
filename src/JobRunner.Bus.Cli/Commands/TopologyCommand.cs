using System.CommandLine;
using JobRunner.Bus.Chains.Service;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>topology</c>: what workers declare at a broker, without one.</summary>
internal static class TopologyCommand
{
    // One of the wait queues that are made on demand, to show what they are like.
    private static readonly TimeSpan SampleWait = TimeSpan.FromSeconds(30);

    /// <summary>The command.</summary>
    public static Command Build(CliServices services)
    {
        var json = CommandLine.JsonOption("Print RabbitMQ definitions, for its management plugin to import.");
        var virtualHost = new Option<string>("--vhost")
        {
            Description = "Virtual host of the definitions; / if absent.",
            HelpName = "NAME",
            DefaultValueFactory = _ => "/",
        };
        var command = new Command("topology", "Print the exchanges, queues and bindings that workers declare; asks no broker.") { json, virtualHost };
        command.SetAction(parsed =>
        {
            var asJson = parsed.GetValue(json);
            var (exchanges, queues, samples) = SettingsErrors.Explain(Parts);
            if (asJson)
            {
                services.Screen.Output.WriteLine(TopologyListing.Definitions(exchanges, queues, parsed.GetValue(virtualHost)!));
            }
            else
            {
                TopologyListing.Write(services.Screen.Output, exchanges, [.. queues, .. samples]);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static (IReadOnlyList<ExchangePart> Exchanges, IReadOnlyList<QueuePart> Queues, IReadOnlyList<QueuePart> Samples) Parts()
    {
        var worker = WorkerSettings.Read<WorkerOptions, WorkerOptionsRules>(WorkerOptions.Section);
        var report = WorkerSettings.Read<ReportOptions, ReportOptionsRules>(ReportOptions.Section);
        var requestManager = WorkerSettings.Read<RequestManagerOptions, RequestManagerOptionsRules>(RequestManagerOptions.Section);
        var delays = report.Delays.Distinct().ToList();
        RoleTopology[] chains = worker.Roles.HasFlag(WorkerRoles.Chain) ? [ChainTopology.Of(requestManager)] : [];
        return (
            [.. BrokerTopology.Exchanges, .. chains.SelectMany(role => role.Exchanges)],
            [
                .. BrokerTopology.Queues(worker), .. worker.WaitsToPrepare.Select(BrokerTopology.WaitQueue), .. delays.Select(BrokerTopology.DelayQueue),
                .. chains.SelectMany(role => role.Queues),
                .. chains.Length > 0 && ChainTopology.HasRequestManager(requestManager) ? delays.Select(ChainTopology.DelayQueue) : [],
            ],
            [BrokerTopology.WaitQueue(SampleWait), .. chains.Select(_ => ChainTopology.WaitQueue(SampleWait))]);
    }
}
