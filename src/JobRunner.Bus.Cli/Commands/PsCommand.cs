using System.CommandLine;
using System.Text;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Client;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>ps</c>: what runs and waits now, on every worker.</summary>
internal sealed class PsCommand(CliServices services, BrokerAddress address, GetRunnerStatus request, bool asJson)
{
    private static readonly string[] Queues = [Names.RunJob, Names.ErrorQueue(Names.RunJob), Names.ErrorQueue(Names.JobLogRecorded)];

    private readonly Screen _screen = services.Screen;

    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var request = new Argument<string?>("REQUEST")
        {
            Description = "Only this request's jobs.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var job = CommandLine.JobArgument("Only this job.");
        var json = CommandLine.JsonOption("Print the RunnerStatus messages as one JSON array; with --watch one JSON object a line.");
        var watch = new Option<bool>("--watch") { Description = "Look again every two seconds until Ctrl-C." };
        var command = new Command("ps", "List what runs and waits now, as every worker tells it.") { request, job, json, watch };
        command.SetAction((parsed, _) =>
        {
            var ps = new PsCommand(
                services,
                BrokerOption.Read(parsed.GetValue(broker), services.Environment),
                new GetRunnerStatus { RequestId = parsed.GetValue(request), JobId = parsed.GetValue(job), Summary = true },
                parsed.GetValue(json));
            return parsed.GetValue(watch) ? ps.WatchAsync() : ps.ListAsync();
        });
        return command;
    }

    private async Task<int> ListAsync()
    {
        using var interrupts = services.ListenForInterrupts();
        var stop = interrupts.Stop;
        await AlarmWait.UntilItEndsAsync(services, address, stop);
        await using var control = await services.OpenBrokerControl(address, stop);
        var answer = await control.AskStatusAsync(request, stop);
        if (asJson)
        {
            _screen.Output.WriteLine(Encoding.UTF8.GetString(Wire.Serialize(StatusTable.Sort(answer?.Runners ?? []))));
        }
        else
        {
            Show(answer, await services.CountMessages(address, Queues, stop));
        }

        return ExitCodes.Success;
    }

    private Task<int> WatchAsync() => new WorkersWatch(services, address, asPage: !asJson).RunAsync(async (control, stop) =>
    {
        var answer = await control.AskStatusAsync(request, stop);
        if (asJson)
        {
            return () => _screen.Output.WriteLine(SnapshotJson.Write(services.Time.GetUtcNow(), answer?.Workers, StatusTable.Sort(answer?.Runners ?? [])));
        }

        var counts = await services.CountMessages(address, Queues, stop);
        return () => Show(answer, counts);
    });

    private void Show(WorkersReport? answer, IReadOnlyDictionary<string, long?> counts)
    {
        var statuses = StatusTable.Sort(answer?.Runners ?? []);
        if (statuses.Count > 0)
        {
            StatusTable.Write(_screen, statuses, services.Time.GetUtcNow());
        }
        else
        {
            _screen.Output.WriteLine(answer is null ? "No worker is connected to the broker." : "Nothing runs or waits on any worker.");
        }

        if (answer is { Workers: { Count: > 0 } workers })
        {
            _screen.Output.WriteLine(
                $"{workers.Count} {(workers.Count == 1 ? "worker" : "workers")}, {workers.Sum(worker => worker.SlotsInUse)} of {workers.Sum(worker => worker.Slots)} slots in use");
        }

        var waiting = statuses.Count(status => status.Sleeping);
        string[] parts =
        [
            waiting > 0 ? $"{waiting} {(waiting == 1 ? "run waits" : "runs wait")} for the next try" : "",
            counts.GetValueOrDefault(Names.RunJob) is > 0 and var queued ? $"{queued} commands wait in {Names.RunJob}" : "",
            Errors(Names.RunJob, "commands"),
            Errors(Names.JobLogRecorded, "job logs"),
        ];
        if (string.Join("; ", parts.Where(part => part.Length > 0)) is { Length: > 0 } line)
        {
            _screen.Output.WriteLine(line);
        }

        string Errors(string queue, string what) =>
            counts.GetValueOrDefault(Names.ErrorQueue(queue)) is > 0 and var count ? $"{count} {what} in {Names.ErrorQueue(queue)}, see: jobrunner errors list" : "";
    }
}
