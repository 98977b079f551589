using System.CommandLine;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>errors</c>: what lies in the error queues, and what is to become of it.</summary>
internal static class ErrorsCommand
{
    private const int ListLimit = 1_000;
    private const int ShowLimit = 20;

    // As many a person takes in without a summary.
    private const int OneLook = 10;

    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker) =>
        new("errors", "List, show, send back or discard what lies in the error queues.")
        {
            BuildList(services, broker),
            BuildShow(services, broker),
            BuildRetry(services, broker),
            BuildDiscard(services, broker),
        };

    private static Command BuildList(CliServices services, Option<string?> broker)
    {
        var which = new ErrorOptions($"{ListLimit}");
        var json = CommandLine.JsonOption("Print one JSON array.");
        var command = new Command("list", "List the messages of the error queues; removes nothing.") { json };
        which.AddTo(command);
        command.SetAction((parsed, _) => ReadAsync(services, broker, parsed, which, ListLimit, keepBodies: false, messages =>
        {
            if (parsed.GetValue(json))
            {
                services.Screen.Output.WriteLine(ErrorJson.Write(messages, full: false));
            }
            else if (messages.Count > 0)
            {
                services.Screen.Write(ErrorListing.Draw(services.Screen, messages, services.Time.LocalTimeZone));
                if (messages.Count > OneLook)
                {
                    foreach (var (reason, count) in ErrorReasons.Group(messages.Select(message => message.Reason)))
                    {
                        services.Screen.Output.WriteLine($"{count}x {reason}");
                    }
                }
            }
            else
            {
                services.Screen.Output.WriteLine("There is nothing of this kind in the error queues.");
            }

            return ExitCodes.Success;
        }));
        return command;
    }

    private static Command BuildShow(CliServices services, Option<string?> broker)
    {
        var which = new ErrorOptions($"{ShowLimit}");
        var json = CommandLine.JsonOption("Print one JSON array.");
        var command = new Command("show", "Show messages of the error queues with all headers and their bodies; removes nothing.") { json };
        which.AddTo(command);
        command.SetAction((parsed, _) => ReadAsync(services, broker, parsed, which, ShowLimit, keepBodies: true, messages =>
        {
            if (parsed.GetValue(json))
            {
                services.Screen.Output.WriteLine(ErrorJson.Write(messages, full: true));
            }
            else if (messages.Count > 0)
            {
                ErrorListing.WriteFull(services.Screen.Output, messages, services.Time.LocalTimeZone);
            }
            else
            {
                services.Screen.Error.WriteLine("jobrunner: there is nothing of this kind in the error queues");
            }

            return messages.Count > 0 ? ExitCodes.Success : ExitCodes.Failed;
        }));
        return command;
    }

    private static Command BuildRetry(CliServices services, Option<string?> broker)
    {
        var requestManager = new Option<string?>("--request-manager")
        {
            Description = "Where to ask which logs were delivered meanwhile. Goes before JobRunner__RequestManager__BaseUrl.",
            HelpName = "URL",
        };
        var (command, which, options) = BuildChange("retry", "Send messages of the error queues back, each to its own queue.");
        command.Options.Add(requestManager);
        command.SetAction(async (parsed, _) =>
        {
            var address = BrokerOption.Read(parsed.GetValue(broker), services.Environment);
            var dryRun = !parsed.GetValue(options.Yes);
            using var interrupts = services.ListenForInterrupts();
            await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
            await using var stored = services.OpenStoredTries(parsed.GetValue(requestManager));
            await using var at = await services.OpenRepairBroker(address, interrupts.Stop);
            var work = new RetryWork(at, new StoredTriesBook(stored, services.Warn), services.Time, dryRun);
            return await new ErrorReport(services, dryRun, parsed.GetValue(options.Json))
                .RunAsync(at, which.Read(parsed, services.Time.GetUtcNow()), work.RunAsync, interrupts.Stop);
        });
        return command;
    }

    private static Command BuildDiscard(CliServices services, Option<string?> broker)
    {
        var (command, which, options) = BuildChange("discard", "Remove messages from the error queues for good.");
        command.SetAction(async (parsed, _) =>
        {
            var address = BrokerOption.Read(parsed.GetValue(broker), services.Environment);
            var dryRun = !parsed.GetValue(options.Yes);
            using var interrupts = services.ListenForInterrupts();
            await using var at = await services.OpenRepairBroker(address, interrupts.Stop);
            return await new ErrorReport(services, dryRun, parsed.GetValue(options.Json))
                .RunAsync(at, which.Read(parsed, services.Time.GetUtcNow()), new DiscardWork(dryRun).RunAsync, interrupts.Stop);
        });
        return command;
    }

    private static (Command Command, ErrorOptions Which, (Option<bool> Yes, Option<bool> Json) Options) BuildChange(string name, string description)
    {
        var which = new ErrorOptions("all");
        var all = new Option<bool>("--all") { Description = "Every message, where nothing else narrows the selection." };
        var yes = new Option<bool>("--yes") { Description = "Do it; without it only tell what would be done." };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only tell what would be done; so it is without --yes, too." };
        var json = CommandLine.JsonOption("Print one JSON array: what became of each message.");
        var command = new Command(name, description) { all, yes, dryRun, json };
        which.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == which.Filters(result))
            {
                result.AddError(result.GetValue(all)
                    ? "--all goes with no filter: leave one of them out."
                    : $"{name} needs a filter such as --request, or --all.");
            }

            if (result.GetValue(yes) && result.GetValue(dryRun))
            {
                result.AddError("--yes and --dry-run exclude each other.");
            }
        });
        return (command, which, (yes, json));
    }

    private static async Task<int> ReadAsync(
        CliServices services, Option<string?> broker, ParseResult parsed, ErrorOptions which, int limit, bool keepBodies,
        Func<IReadOnlyList<ErrorMessage>, int> show)
    {
        var address = BrokerOption.Read(parsed.GetValue(broker), services.Environment);
        var selection = which.Read(parsed, services.Time.GetUtcNow());
        using var interrupts = services.ListenForInterrupts();
        List<ErrorMessage> found = [];
        var left = 0L;
        var most = selection.Limit ?? limit;
        await using (var at = await services.OpenRepairBroker(address, interrupts.Stop))
        {
            foreach (var name in selection.Queues)
            {
                await using var queue = await at.OpenErrorQueueAsync(name, interrupts.Stop);
                ErrorChange.WarnOfOthers(queue, name, services.Warn);
                var seen = 0L;
                while (found.Count < most && await queue.NextAsync(interrupts.Stop) is { } message)
                {
                    seen++;
                    if (selection.Filter.Matches(message))
                    {
                        found.Add(keepBodies ? message : message with { Body = default });
                    }
                }

                left += found.Count < most ? 0 : queue.Total - seen;
            }
        }

        var code = show(found);
        if (left > 0)
        {
            services.Screen.Error.WriteLine($"jobrunner: {left} more messages were not looked at; --limit {most} was reached");
        }

        return code;
    }
}
