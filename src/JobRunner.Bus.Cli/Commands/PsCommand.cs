using System.CommandLine;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>ps</c>: what runs and waits now, on every worker.</summary>
internal static class PsCommand
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(2);

    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var request = new Argument<string?>("REQUEST")
        {
            Description = "Only this request's jobs.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = CommandLine.JsonOption("Print the RunnerStatus messages as one JSON array; with --watch one JSON object a line.");
        var watch = new Option<bool>("--watch") { Description = "Look again every two seconds until Ctrl-C." };
        var command = new Command("ps", "List what runs and waits now, as every worker tells it.") { request, json, watch };
        command.SetAction((parsed, _) => ListAsync(
            services,
            BrokerOption.Read(parsed.GetValue(broker), services.Environment),
            new GetRunnerStatus { RequestId = parsed.GetValue(request), Summary = true },
            parsed.GetValue(json),
            parsed.GetValue(watch)));
        return command;
    }

    private static async Task<int> ListAsync(
        CliServices services,
        BrokerAddress address,
        GetRunnerStatus request,
        bool asJson,
        bool watch)
    {
        using var interrupts = services.ListenForInterrupts();
        await using var control = await services.OpenBrokerControl(address, interrupts.Stop);
        while (true)
        {
            var answer = await control.AskStatusAsync(request, interrupts.Stop);
            var statuses = StatusTable.Sort(answer?.Runners ?? []);
            if (asJson)
            {
                services.Screen.Output.WriteLine(watch
                    ? SnapshotJson.Write(services.Time.GetUtcNow(), answer?.Workers, statuses)
                    : System.Text.Encoding.UTF8.GetString(Wire.Serialize(statuses)));
            }
            else
            {
                Show(services, statuses, answer?.Workers, watch);
            }

            if (!watch)
            {
                return ExitCodes.Success;
            }

            await Task.Delay(WatchEvery, services.Time, interrupts.Stop);
        }
    }

    private static void Show(CliServices services, IReadOnlyList<RunnerStatus> statuses, IReadOnlyList<WorkerStatus>? workers, bool watch)
    {
        var screen = services.Screen;
        if (watch)
        {
            screen.Terminal?.Clear(home: true);
        }

        if (statuses.Count > 0)
        {
            screen.Write(StatusTable.Draw(screen, statuses, services.Time.GetUtcNow()));
        }
        else
        {
            screen.Output.WriteLine(workers is null ? "No worker is connected to the broker." : "Nothing runs or waits on any worker.");
        }

        if (workers is { Count: > 0 })
        {
            screen.Output.WriteLine(
                $"{workers.Count} {(workers.Count == 1 ? "worker" : "workers")}, {workers.Sum(worker => worker.SlotsInUse)} of {workers.Sum(worker => worker.Slots)} slots in use");
        }
    }
}
