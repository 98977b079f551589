using System.CommandLine;
using System.Text;
using System.Text.Json.Nodes;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>chains</c>: how chains stand, as workers of role Chain tell it.</summary>
internal sealed class ChainsCommand(CliServices services, BrokerAddress address, GetChains request, bool asJson)
{
    private readonly Screen _screen = services.Screen;

    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var json = CommandLine.JsonOption("Print the chains as one JSON array; with --watch one array a line.");
        var watch = new Option<bool>("--watch") { Description = "Look again every two seconds until Ctrl-C." };
        var limit = new Option<int>("--limit") { Description = "Most chains to list, those that run first; 100 if absent.", HelpName = "N", DefaultValueFactory = _ => 100 };
        limit.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var given) && given is (< 1 or > 10_000))
            {
                result.AddError("--limit must be from 1 to 10000.");
            }
        });
        var command = new Command("chains", "List chains, those that run first.") { limit, json, watch };
        command.SetAction((parsed, _) =>
        {
            var chains = new ChainsCommand(
                services, BrokerOption.Read(parsed.GetValue(broker), services.Environment), new GetChains { Limit = parsed.GetValue(limit) }, parsed.GetValue(json));
            return parsed.GetValue(watch) ? chains.WatchAsync() : chains.ListAsync();
        });
        command.Subcommands.Add(BuildShow(services, broker));
        return command;
    }

    private static Command BuildShow(CliServices services, Option<string?> broker)
    {
        var request = CommandLine.RequestArgument();
        var json = CommandLine.JsonOption("Print the chain as one JSON object.");
        var command = new Command("show", "Show the jobs of a chain, and what each waits for.") { request, json };
        command.SetAction((parsed, _) => new ChainsCommand(
            services,
            BrokerOption.Read(parsed.GetValue(broker), services.Environment),
            new GetChains { RequestId = parsed.GetRequiredValue(request) },
            parsed.GetValue(json)).ShowAsync());
        return command;
    }

    private async Task<int> ListAsync()
    {
        using var interrupts = services.ListenForInterrupts();
        await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        await using var control = await services.OpenBrokerControl(address, interrupts.Stop);
        Show(Known(await control.AskChainsAsync(request, interrupts.Stop)));
        return ExitCodes.Success;
    }

    private async Task<int> ShowAsync()
    {
        using var interrupts = services.ListenForInterrupts();
        await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        await using var control = await services.OpenBrokerControl(address, interrupts.Stop);
        var chain = Known(await control.AskChainsAsync(request, interrupts.Stop)) is [var known, ..]
            ? known
            : throw new CommandException($"no chain of request {Say.OneLine(request.RequestId!)} is known; ended ones are kept for JobRunner__Chains__KeepEnded");
        if (asJson)
        {
            _screen.Output.WriteLine(Encoding.UTF8.GetString(Wire.Serialize(chain)));
            return ExitCodes.Success;
        }

        var runners = chain.EndedAt is null ? (await control.AskStatusAsync(new GetRunnerStatus { RequestId = chain.RequestId, Summary = true }, interrupts.Stop))?.Runners : null;
        ChainTable.WriteJobs(_screen, chain, runners ?? [], services.Time.GetUtcNow());
        return ExitCodes.Success;
    }

    private Task<int> WatchAsync() => new WorkersWatch(services, address, asPage: !asJson).RunAsync(async (control, stop) =>
    {
        var chains = Known(await control.AskChainsAsync(request, stop));
        return () => Show(chains);
    });

    private IReadOnlyList<ChainStatus> Known(IReadOnlyList<ChainsReport>? reports) =>
        ChainReports.Known(reports, trouble => _screen.Error.WriteLine($"jobrunner: {trouble}"));

    private void Show(IReadOnlyList<ChainStatus> chains)
    {
        if (asJson)
        {
            _screen.Output.WriteLine(new JsonArray([.. chains.Select(chain => JsonNode.Parse(Wire.Serialize(chain)))]).ToJsonString());
        }
        else if (chains.Count == 0)
        {
            _screen.Output.WriteLine("No chain is known.");
        }
        else
        {
            ChainTable.Write(_screen, chains, services.Time.GetUtcNow());
        }
    }
}
