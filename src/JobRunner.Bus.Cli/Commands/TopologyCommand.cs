using System.CommandLine;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Delivery;
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
            var queues = SettingsErrors.Explain(Queues);
            if (asJson)
            {
                services.Screen.Output.WriteLine(TopologyListing.Definitions(queues, parsed.GetValue(virtualHost)!));
            }
            else
            {
                TopologyListing.Write(services.Screen.Output, [.. queues, BrokerTopology.WaitQueue(SampleWait)]);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    private static IReadOnlyList<QueuePart> Queues()
    {
        var worker = WorkerSettings.Read<WorkerOptions, WorkerOptionsRules>(WorkerOptions.Section);
        var report = WorkerSettings.Read<ReportOptions, ReportOptionsRules>(ReportOptions.Section);
        return [.. BrokerTopology.Queues(worker), .. worker.WaitsToPrepare.Select(BrokerTopology.WaitQueue), .. report.Delays.Distinct().Select(DelayQueue)];
    }

    private static QueuePart DelayQueue(TimeSpan delay) => new(
        Names.DelayQueue(WaitSteps.NameOf(delay)), BrokerTopology.ReturningArguments(delay, "", Names.JobLogRecorded), []);
}
