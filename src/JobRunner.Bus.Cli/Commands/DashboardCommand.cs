using System.CommandLine;
using JobRunner.Bus.Cli.Broker;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>dashboard</c>: serves a page that shows what the workers do.</summary>
internal static class DashboardCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var port = PortOption.Build();
        var allowActions = new Option<bool>("--allow-actions") { Description = "Let people stop jobs, and retry and discard what lies in the error queues; without it the page is read-only." };
        var command = new Command("dashboard", "Serve a web page that shows what the workers do, until Ctrl-C.") { port, allowActions };
        command.SetAction(async (parsed, _) =>
        {
            var arguments = new DashboardArguments(
                BrokerOption.Read(parsed.GetValue(broker), services.Environment), parsed.GetValue(port), parsed.GetValue(allowActions));
            using var interrupts = services.ListenForInterrupts();
            return await services.RunDashboard(arguments, interrupts.Stop);
        });
        return command;
    }
}
