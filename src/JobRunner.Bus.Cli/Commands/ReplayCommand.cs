using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>replay</c>: delivers the journal's job logs again.</summary>
internal static class ReplayCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var since = TimeOption("--since", "From when on: how long ago, such as 24h, or a time such as 2026-01-02T15:04:05Z.", services);
        since.Required = true;
        var until = TimeOption("--until", "Leave out tries that ended after this; a length of time ago, or a time.", services);
        var request = new Option<string?>("--request") { Description = "Only logs of this request.", HelpName = "REQUEST" };
        var job = new Option<string?>("--job") { Description = "Only logs of this job.", HelpName = "JOB" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Only count." };
        var json = CommandLine.JsonOption("Print the counts as one JSON object, and no progress.");
        var command = new Command("replay", "Deliver the job logs of the journal again, such as to a rebuilt Request Manager.")
        {
            since,
            until,
            request,
            job,
            dryRun,
            json,
        };
        command.SetAction((parsed, _) => ReplayAsync(
            services,
            BrokerOption.Read(parsed.GetValue(broker), services.Environment),
            new ReplayPlan(
                parsed.GetValue(since)!.Value, parsed.GetValue(until), parsed.GetValue(request), parsed.GetValue(job), parsed.GetValue(dryRun)),
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> ReplayAsync(CliServices services, BrokerAddress address, ReplayPlan plan, bool asJson)
    {
        if (plan.Since > services.Time.GetUtcNow())
        {
            throw new UsageException("--since is in the future");
        }

        if (plan.Until < plan.Since)
        {
            throw new UsageException("--until is before --since");
        }

        using var interrupts = services.ListenForInterrupts();
        await AlarmWait.UntilItEndsAsync(services, address, interrupts.Stop);
        await using var broker = await services.OpenRepairBroker(address, interrupts.Stop);
        using var work = new ReplayWork(broker, plan, services.Time, asJson ? _ => { } : services.Screen.Error.WriteLine);
        var ended = false;
        try
        {
            await work.RunAsync(interrupts.Stop);
            ended = true;
        }
        finally
        {
            services.Screen.Output.WriteLine(asJson ? Json(work.Counts, plan, ended) : Sentence(work.Counts, plan, ended));
        }

        return ExitCodes.Success;
    }

    private static string Sentence(ReplayCounts counts, ReplayPlan plan, bool ended)
    {
        var sent = plan.DryRun ? $"{counts.Logs} logs would be sent" : $"{counts.Sent} logs sent";
        var to = plan.DryRun ? "" : " to the queue job-log-recorded";
        var early = ended ? "" : "Not all of it: ";
        return $"{early}{sent}{to}; {counts.Read} messages of the journal read.";
    }

    private static string Json(ReplayCounts counts, ReplayPlan plan, bool ended) => JsonSerializer.Serialize(new Dictionary<string, object>
    {
        ["read"] = counts.Read,
        ["logs"] = counts.Logs,
        ["sent"] = counts.Sent,
        ["dryRun"] = plan.DryRun,
        ["complete"] = ended,
    });

    private static Option<DateTimeOffset?> TimeOption(string name, string description, CliServices services) => new(name)
    {
        Description = description,
        HelpName = "TIME",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (GoDuration.TryParse(text, out var ago) && ago.Nanoseconds >= 0 && text.Length > 0)
            {
                return services.Time.GetUtcNow() - ago.ToTimeSpan();
            }

            if (text.Contains('T', StringComparison.OrdinalIgnoreCase)
                && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var time))
            {
                return time;
            }

            result.AddError($"{name} \"{Say.OneLine(text)}\" is neither a length of time such as \"24h\" nor a time such as \"2026-01-02T15:04:05Z\".");
            return default;
        },
    };
}
