using System.CommandLine;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Cli.Rendering;
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
        command.SetAction(async (parsed, cancellation) =>
        {
            var asJson = parsed.GetValue(json);
            var options = await SettingsErrors.ExplainAsync(() => Task.FromResult(WorkerSettings.Read()));
            // Definitions hold what is there from the start; wait queues come with the first wait.
            var topology = await TopologyRecorder.RecordAsync(options, asJson ? [] : [SampleWait], cancellation);
            if (asJson)
            {
                services.Screen.Output.WriteLine(TopologyListing.Definitions(topology, parsed.GetValue(virtualHost)!));
            }
            else
            {
                TopologyListing.Write(services.Screen.Output, topology);
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
