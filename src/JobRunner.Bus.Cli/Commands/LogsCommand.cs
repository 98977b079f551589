using System.CommandLine;
using System.Text;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>logs</c>: the job logs of a request.</summary>
internal sealed class LogsCommand
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);

    private readonly CliServices _services;
    private readonly string _requestId;
    private readonly JournalLogs? _journal;
    private readonly LogFilter _filter;
    private readonly bool _asJson;
    private readonly bool _full;

    private LogsCommand(CliServices services, string requestId, JournalLogs? journal, LogFilter filter, bool asJson, bool full)
    {
        _services = services;
        _requestId = requestId;
        _journal = journal;
        _filter = filter;
        _asJson = asJson;
        _full = full;
    }

    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var request = CommandLine.RequestArgument();
        var job = CommandLine.JobArgument("Only this job's logs.");
        var json = CommandLine.JsonOption("Print the job logs as one JSON array; with --follow one JSON object a line.");
        var full = new Option<bool>("--full") { Description = "Print each try with its whole output." };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with the logs that come, until Ctrl-C." };
        var type = new Option<string?>("--type") { Description = "Only jobs of this type.", HelpName = "TYPE" };
        var state = LogFilter.StateOption();
        var last = new Option<bool>("--last") { Description = "Only the last try of each job." };
        var command = new Command("logs", "Show a request's job logs, from the local store or the Request Manager, and from the journal of a broker.")
        {
            request, job, json, full, follow, type, state, last,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(follow) && result.GetValue(last))
            {
                result.AddError("--last is not known before the end: it cannot be used with --follow.");
            }
        });
        command.SetAction((parsed, _) =>
        {
            var states = parsed.GetValue(state) is { Length: > 0 } given ? given.ToHashSet() : null;
            var filter = new LogFilter(parsed.GetValue(job), parsed.GetValue(type), states, parsed.GetValue(last));
            var requestId = parsed.GetRequiredValue(request);
            var show = new LogsCommand(services, requestId, JournalLogs.Of(services, parsed.GetValue(broker), requestId), filter, parsed.GetValue(json), parsed.GetValue(full));
            return parsed.GetValue(follow) ? show.FollowAsync() : show.ShowAsync();
        });
        return command;
    }

    private async Task<int> ShowAsync()
    {
        using var interrupts = _services.ListenForInterrupts();
        var screen = _services.Screen;
        var stored = await _services.ReadLogs(_requestId, interrupts.Stop);
        var all = _journal is null ? stored : await _journal.AddToAsync(stored, interrupts.Stop);
        var logs = _filter.Apply(all);
        if (all.Count > stored.Count && logs.Count > 0)
        {
            screen.Error.WriteLine(
                $"jobrunner: {all.Count - stored.Count} of {all.Count} logs are from the broker's journal: it has those of all machines, for as long as it is kept (JournalRetention)");
        }

        if (_asJson)
        {
            screen.Output.WriteLine(Encoding.UTF8.GetString(Wire.Serialize(logs)));
        }
        else if (logs.Count == 0)
        {
            screen.Error.WriteLine(
                $"jobrunner: there are no logs of request \"{Say.OneLine(_requestId)}\""
                + (_filter.JobId is null ? "" : $" and job \"{Say.OneLine(_filter.JobId)}\"")
                + (_filter is { Type: null, States: null } ? "" : " that fit the filters")
                + (_journal is { WasRead: true } ? ", neither here nor in the broker's journal" : ""));
        }
        else if (_full)
        {
            LogListing.WriteFull(screen.Output, logs, _services.Time.LocalTimeZone);
        }
        else
        {
            LogListing.Write(screen, logs, _services.Time.LocalTimeZone);
        }

        return logs.Count > 0 ? ExitCodes.Success : ExitCodes.Failed;
    }

    /// <summary>Logs are delivered in any order, and late: what was not shown before is shown when it is there.</summary>
    private async Task<int> FollowAsync()
    {
        using var interrupts = _services.ListenForInterrupts();
        using var ending = new WatchEnd(interrupts, _services.Screen);
        HashSet<(string JobId, long Try)> shown = [];
        return await ending.RunAsync(async stop =>
        {
            while (true)
            {
                var stored = await _services.ReadLogs(_requestId, stop);
                foreach (var log in _filter.Apply(_journal is null ? stored : await _journal.AddToAsync(stored, stop)))
                {
                    if (shown.Add((log.JobId, log.Try)))
                    {
                        Tell(log);
                    }
                }

                await Task.Delay(LookEvery, _services.Time, stop);
            }
        });
    }

    private void Tell(JobLogRecorded log)
    {
        var output = _services.Screen.Output;
        if (_asJson)
        {
            output.WriteLine(Encoding.UTF8.GetString(Wire.Serialize(log)));
        }
        else if (_full)
        {
            LogListing.WriteFull(output, [log], _services.Time.LocalTimeZone);
        }
        else
        {
            output.WriteLine(LogListing.Line(log, _services.Time.LocalTimeZone));
        }
    }
}
