using System.CommandLine;
using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Cli.Scheduling;

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
        var command = new Command("run", "Run the jobs of files here and now; no broker is needed.") { files, json, slots };
        command.Validators.Add(result =>
        {
            if (result.GetValue(broker) is not null)
            {
                result.AddError("run uses no broker; submit --wait sends to one and waits.");
            }
        });
        command.SetAction((parsed, _) =>
            RunAsync(services, parsed.GetRequiredValue(files), parsed.GetValue(slots), parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> RunAsync(CliServices services, string[] files, int? slots, bool asJson)
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
        return await new ChainRun(services).RunAsync(bus, chains, asJson, stop);
    }
}
