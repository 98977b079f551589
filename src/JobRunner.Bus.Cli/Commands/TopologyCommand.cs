using System.CommandLine;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>topology</c>: what workers declare at a broker, without one.</summary>
internal static class TopologyCommand
{
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
        command.SetAction(async (parsed, _) =>
        {
            var asJson = parsed.GetValue(json);
            var options = await SettingsErrors.ExplainAsync(() => Task.FromResult(WorkerSettings.Read()));
            if (asJson)
            {
                services.Screen.Output.WriteLine(TopologyListing.Definitions(BrokerTopology.Queues(options), parsed.GetValue(virtualHost)!));
            }
            else
            {
                TopologyListing.Write(services.Screen.Output, [.. BrokerTopology.Queues(options), .. Samples()]);
            }

            return ExitCodes.Success;
        });
        return command;
    }

    /// <summary>One of each kind of queue that is made when it is first needed, to show what they are like.</summary>
    private static IEnumerable<QueuePart> Samples()
    {
        var name = WaitSteps.NameOf(SampleWait);
        yield return new QueuePart(
            Names.WaitQueue(name), BrokerTopology.ReturningArguments(SampleWait, Names.RunJob, routingKey: null), [(Names.RunJobWait, name)]);
        yield return new QueuePart(Names.DelayQueue(name), BrokerTopology.ReturningArguments(SampleWait, "", Names.JobLogRecorded), []);
    }
}
