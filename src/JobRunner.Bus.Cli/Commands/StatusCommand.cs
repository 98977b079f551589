using System.CommandLine;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>status</c>: one look at everything an operator would ask for first.</summary>
internal static class StatusCommand
{
    // More than a person reads; the number of messages is told in full.
    private const int MessagesRead = 1_000;

    private static readonly string[] Queues =
        [Names.RunJob, Names.JobLogRecorded, Names.ErrorQueue(Names.RunJob), Names.ErrorQueue(Names.JobLogRecorded)];

    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var json = CommandLine.JsonOption("Print one JSON object.");
        var command = new Command("status", "Tell in one look how workers, queues and error queues are; exit code 1 where something needs a person.") { json };
        command.SetAction((parsed, _) => LookAsync(
            services, BrokerOption.Read(parsed.GetValue(broker), services.Environment), parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> LookAsync(CliServices services, BrokerAddress address, bool asJson)
    {
        using var interrupts = services.ListenForInterrupts();
        var stop = interrupts.Stop;
        var alarm = await services.LookForAlarm(address, stop);
        var counts = await services.CountMessages(address, Queues, stop);
        var overview = new Overview
        {
            Alarm = alarm,
            Queued = counts[Names.RunJob],
            LogsWaiting = counts[Names.JobLogRecorded],
            Missing = [.. Queues[..2].Where(queue => counts[queue] is null)],
            ErrorQueues = [.. await ErrorsAsync(services, address, counts, stop)],
            Workers = null,
        };
        if (alarm is null)
        {
            await using var control = await services.OpenBrokerControl(address, stop);
            var answer = await control.AskStatusAsync(new GetRunnerStatus { Summary = true }, stop);
            overview = overview with
            {
                Workers = answer?.Workers.Count ?? 0,
                Slots = answer?.Workers.Sum(worker => worker.Slots) ?? 0,
                SlotsInUse = answer?.Workers.Sum(worker => worker.SlotsInUse) ?? 0,
                Running = answer?.Runners.Count(runner => !runner.Sleeping) ?? 0,
                Waiting = answer?.Runners.Count(runner => runner.Sleeping) ?? 0,
            };
        }

        services.Screen.Output.WriteLine(asJson ? overview.ToJson() : overview.ToString());
        return overview.Problems.Count == 0 ? ExitCodes.Success : ExitCodes.Failed;
    }

    private static async Task<IReadOnlyList<ErrorQueueOverview>> ErrorsAsync(
        CliServices services, BrokerAddress address, IReadOnlyDictionary<string, long?> counts, CancellationToken stop)
    {
        List<ErrorQueueOverview> queues = [];
        foreach (var name in new[] { Names.RunJob, Names.JobLogRecorded })
        {
            if (counts[Names.ErrorQueue(name)] is not (> 0 and var count))
            {
                continue;
            }

            await using var broker = await services.OpenRepairBroker(address, stop);
            await using var queue = await broker.OpenErrorQueueAsync(name, stop);
            List<ErrorMessage> messages = [];
            while (messages.Count < MessagesRead && await queue.NextAsync(stop) is { } message)
            {
                messages.Add(message with { Body = default });
            }

            queues.Add(new ErrorQueueOverview(Names.ErrorQueue(name), count, ErrorReasons.Group(messages.Select(message => message.Reason))));
        }

        return queues;
    }
}
