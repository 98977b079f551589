using System.CommandLine;
using JobRunner.Bus.Chains;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Files;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>submit</c>: sends files to the workers of a broker.</summary>
internal static class SubmitCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var files = CommandLine.FilesArgument();
        var json = CommandLine.JsonOption("Print one JSON document at the end, and nothing else.");
        var wait = new Option<bool>("--wait") { Description = "Stay, schedule the chain's jobs from here, and show how they end." };
        var command = new Command("submit", "Send the jobs of files to a broker's workers.") { files, wait, json };
        command.SetAction(async (parsed, _) =>
        {
            var address = BrokerOption.Read(parsed.GetValue(broker), services.Environment);
            using var interrupts = services.ListenForInterrupts();
            using var traces = services.ExportTraces();
            var loader = new JobFiles(new RequestIds(services.Time), services.OpenStandardInput);
            var requests = await loader.LoadAsync(parsed.GetRequiredValue(files), interrupts.Stop);
            await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
            var asJson = parsed.GetValue(json);
            return parsed.GetValue(wait)
                ? await WaitAsync(services, address, requests, asJson, interrupts.Stop)
                : await SendAsync(services, address, requests, asJson, interrupts.Stop);
        });
        return command;
    }

    private static async Task<int> WaitAsync(
        CliServices services,
        BrokerAddress address,
        IReadOnlyList<JobRequest> requests,
        bool asJson,
        CancellationToken stop)
    {
        List<TrackedChain> chains = [];
        foreach (var request in requests)
        {
            chains.Add(new TrackedChain(request, request.HasOwnId ? await HighestTriesAsync(services, request.RequestId, stop) : null));
        }

        await using var bus = await services.OpenBrokerBus(address, [.. requests.Select(request => request.RequestId)], stop);
        return await new ChainRun(services).RunAsync(bus, chains, asJson, stop);
    }

    /// <summary>A request that was run before goes on with the next try numbers; one that cannot be looked up begins with 1.</summary>
    private static async Task<IReadOnlyDictionary<string, long>?> HighestTriesAsync(CliServices services, string requestId, CancellationToken stop)
    {
        try
        {
            return await services.ReadHighestTries(requestId, stop);
        }
        catch (Exception error) when (error is CommandException or UsageException)
        {
            services.Screen.Error.WriteLine(
                $"jobrunner: earlier tries of request {Say.OneLine(requestId)} are not known, its tries are numbered from the file's totalTries: "
                + Say.Short(error.Message));
            return null;
        }
    }

    private static async Task<int> SendAsync(
        CliServices services,
        BrokerAddress address,
        IReadOnlyList<JobRequest> requests,
        bool asJson,
        CancellationToken stop)
    {
        var chains = requests.Select(request => new TrackedChain(request)).ToList();
        if (requests.Any(request => !IsHandedOver(request)))
        {
            await using var bus = await services.OpenBrokerBus(address, [], stop);
            foreach (var single in chains.Where((_, place) => !IsHandedOver(requests[place])))
            {
                // One job: if it is to be run, it starts at once.
                foreach (var _ in single.Take(ChainRules.Start(single.Now, services.Time.GetUtcNow())).OfType<SendJob>())
                {
                    await bus.SendAsync(single.Now.CommandOf(0), stop);
                }
            }
        }

        await HandOverAsync(services, address, [.. requests.Where(IsHandedOver)], asJson, stop);
        if (asJson)
        {
            var logs = new TryLogs();
            services.Screen.Output.WriteLine(ResultJson.Write([.. chains.Select(logs.ResultOf)]));
            return ExitCodes.Success;
        }

        foreach (var request in requests)
        {
            services.Screen.Output.WriteLine(request.RequestId);
        }

        return ExitCodes.Success;
    }

    /// <summary>A chain of one job needs nobody to schedule it.</summary>
    private static bool IsHandedOver(JobRequest request) => request.Commands.Count > 1;

    private static async Task HandOverAsync(
        CliServices services, BrokerAddress address, IReadOnlyList<JobRequest> requests, bool asJson, CancellationToken stop)
    {
        if (requests.Count == 0)
        {
            return;
        }

        await using var control = await services.OpenBrokerControl(address, stop);
        foreach (var request in requests)
        {
            await control.RunChainAsync(request.Chain!, stop);
            if (!asJson)
            {
                services.Screen.Error.WriteLine(
                    $"jobrunner: chain {Say.OneLine(request.RequestId)} of {request.Commands.Count} jobs is handed over, and needs this process no more; "
                    + $"see: jobrunner chains show {Say.OneLine(request.RequestId)}");
            }
        }
    }
}
