using System.CommandLine;
using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Dashboard.Parts;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>run</c>: runs files on this machine, with no server.</summary>
internal static class RunCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var files = CommandLine.FilesArgument();
        var json = CommandLine.JsonOption("Print one JSON document at the end, and nothing else.");
        var slots = new Option<int?>("--slots") { Description = "How many tries may run at once.", HelpName = "N" };
        slots.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var given) && given < 1)
            {
                result.AddError($"--slots is {given}; it must be 1 or more.");
            }
        });
        var dashboard = new Option<bool>("--dashboard") { Description = "Serve a web page that shows the run, to this machine only; it stays after the end, until Ctrl-C." };
        var port = PortOption.Build();
        var command = new Command("run", "Run the jobs of files here and now; no broker is needed.") { files, json, slots, dashboard, port };
        command.Validators.Add(result =>
        {
            if (result.GetValue(broker) is not null)
            {
                result.AddError("run uses no broker; submit --wait sends to one and waits.");
            }

            if (result.GetResult(port) is { Implicit: false } && !result.GetValue(dashboard))
            {
                result.AddError("--port is where the dashboard is served: it needs --dashboard.");
            }
        });
        command.SetAction((parsed, _) =>
            RunAsync(services, parsed.GetRequiredValue(files), parsed.GetValue(slots), parsed.GetValue(json), parsed.GetValue(dashboard) ? parsed.GetValue(port) : null));
        return command;
    }

    private static async Task<int> RunAsync(CliServices services, string[] files, int? slots, bool asJson, int? port)
    {
        using var interrupts = services.ListenForInterrupts();
        var stop = interrupts.Stop;
        var loader = new JobFiles(new RequestIds(services.Time), services.OpenStandardInput);
        List<TrackedChain> chains = [];
        foreach (var request in await loader.LoadAsync(files, stop))
        {
            // Only a request that had its id before can have been run before.
            chains.Add(new TrackedChain(request, request.HasOwnId ? await services.ReadHighestTries(request.RequestId, stop) : null));
        }

        var arguments = new EmbeddedBusArguments([.. chains.Select(chain => chain.RequestId)], slots);
        await using var bus = await services.OpenEmbeddedBus(arguments, stop);
        var run = new ChainRun(services);
        return port is { } given
            ? await ShowAsync(services, bus, chains, given, () => run.RunAsync(bus, chains, asJson, stop), stop)
            : await run.RunAsync(bus, chains, asJson, stop);
    }

    /// <summary>Serves the dashboard while chains run, and after that until somebody ends it.</summary>
    private static async Task<int> ShowAsync(
        CliServices services, IEmbeddedBus bus, IReadOnlyList<TrackedChain> chains, int port, Func<Task<int>> run, CancellationToken stop)
    {
        var page = await bus.ServeDashboardAsync(chains, port);
        services.Warn($"the dashboard of this run is at {(chains is [var only] ? $"{page}/{RequestLink.To(only.RequestId)}" : $"{page}/chains")}");
        var exit = await run();
        if (!stop.IsCancellationRequested)
        {
            services.Warn($"the dashboard stays at {page} until Ctrl-C");
            await Task.Delay(Timeout.InfiniteTimeSpan, services.Time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return exit;
    }
}
