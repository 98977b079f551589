using System.CommandLine;
using System.Text.Json;
using JobRunner.Bus.Chains.Service;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Hosting;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Operations.Move;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>move</c>: carries everything that lies at one broker over to another.</summary>
internal static class MoveCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var to = new Option<string>("--to")
        {
            Description = "The broker that gets it all, as amqp://user:password@host:5672/vhost.",
            HelpName = "URI",
            Required = true,
        };
        var queue = new Option<string[]>("--queue") { Description = "Move this queue too, such as that of a scheduler's results. May be given again.", HelpName = "NAME" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only count." };
        var json = CommandLine.JsonOption("Print the counts as one JSON object, and no progress.");
        var command = new Command("move", "Carry what lies in the queues and streams of one broker over to another, once its workers have ended.")
        {
            to,
            queue,
            dryRun,
            json,
        };
        command.SetAction((parsed, _) => MoveAsync(
            services,
            BrokerOption.Read(parsed.GetValue(broker), services.Environment),
            BrokerOption.Read(parsed.GetRequiredValue(to), services.Environment, "--to"),
            new MovePlan(SettingsErrors.Explain(() => Queues(parsed.GetValue(queue) ?? [])), parsed.GetValue(dryRun)),
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> MoveAsync(CliServices services, BrokerAddress from, BrokerAddress to, MovePlan plan, bool asJson)
    {
        if (from.ToString() == to.ToString())
        {
            throw new UsageException($"--to is where everything is already: {to}");
        }

        using var interrupts = services.ListenForInterrupts();
        foreach (var address in (BrokerAddress[])[from, to])
        {
            await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        }

        await using var source = await services.OpenRepairBroker(from, interrupts.Stop);
        await using var target = await services.OpenRepairBroker(to, interrupts.Stop);
        var (output, counts) = (services.Screen.Output, new List<MoveCount>());
        var work = new MoveWork(source, target, plan, services.Time, Tell, asJson ? _ => { } : services.Screen.Error.WriteLine);
        var ended = false;
        try
        {
            await work.RunAsync(interrupts.Stop);
            ended = true;
        }
        finally
        {
            if (asJson)
            {
                output.WriteLine(JsonSerializer.Serialize(new Dictionary<string, object>
                {
                    ["queues"] = counts.GroupBy(count => count.From).ToDictionary(counted => counted.Key, counted => counted.Sum(count => count.Messages)),
                    ["dryRun"] = plan.DryRun,
                    ["complete"] = ended,
                }));
            }
            else if (!ended && counts.Count > 0)
            {
                services.Warn("not everything was moved; call it again to go on. The streams are copied from their beginning then");
            }
        }

        return ExitCodes.Success;

        void Tell(MoveCount count)
        {
            counts.Add(count);
            if (!asJson)
            {
                output.WriteLine($"{count.From}: {count.Messages} messages{(plan.DryRun ? "" : " moved")}");
            }
        }
    }

    /// <summary>All that workers of any role may have made. How long logs wait for their redelivery is a setting, and is read here.</summary>
    private static IReadOnlyList<QueueMove> Queues(IReadOnlyList<string> others)
    {
        var delays = WorkerSettings.Read<ReportOptions, ReportOptionsRules>(ReportOptions.Section).Delays;
        return
        [
            .. WaitSteps.All.Select(BrokerTopology.WaitQueue).Select(queue => new QueueMove(queue.Name, Names.RunJob)),
            .. WaitSteps.All.Select(ChainTopology.WaitQueue).Select(queue => new QueueMove(queue.Name, ChainNames.Due)),
            .. delays.Select(BrokerTopology.DelayQueue).Select(queue => new QueueMove(queue.Name, Names.JobLogRecorded)),
            .. delays.Select(ChainTopology.DelayQueue).Select(queue => new QueueMove(queue.Name, ChainNames.Report)),
            .. BrokerTopology.Queues(new WorkerOptions()).Concat(ChainTopology.Of(reports: true).Queues)
                .Where(queue => !queue.IsStream).Select(queue => new QueueMove(queue.Name, queue.Name)),
            .. others.Select(name => new QueueMove(name, name)),
        ];
    }
}
