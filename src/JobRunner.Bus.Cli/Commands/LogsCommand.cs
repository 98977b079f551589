using System.CommandLine;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>logs</c>: the job logs of a request.</summary>
internal static class LogsCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services)
    {
        var request = CommandLine.RequestArgument();
        var job = CommandLine.JobArgument("Only this job's logs.");
        var json = CommandLine.JsonOption("Print the job logs as one JSON array.");
        var full = new Option<bool>("--full") { Description = "Print each try with its whole output." };
        var command = new Command("logs", "Show a request's job logs, from the local store or the Request Manager.")
        {
            request,
            job,
            json,
            full,
        };
        command.SetAction((parsed, _) => ShowAsync(
            services, parsed.GetRequiredValue(request), parsed.GetValue(job), parsed.GetValue(json), parsed.GetValue(full)));
        return command;
    }

    private static async Task<int> ShowAsync(CliServices services, string requestId, string? jobId, bool asJson, bool full)
    {
        using var interrupts = services.ListenForInterrupts();
        var screen = services.Screen;
        IReadOnlyList<JobLogRecorded> logs =
        [
            .. (await services.ReadLogs(requestId, interrupts.Stop))
                .Where(log => jobId is null || log.JobId == jobId)
                .OrderBy(log => log.StartedAt)
                .ThenBy(log => log.JobId, StringComparer.Ordinal)
                .ThenBy(log => log.Try),
        ];
        if (asJson)
        {
            screen.Output.WriteLine(System.Text.Encoding.UTF8.GetString(Wire.Serialize(logs)));
        }
        else if (logs.Count == 0)
        {
            screen.Error.WriteLine(
                $"jobrunner: there are no logs of request \"{Say.OneLine(requestId)}\""
                + (jobId is null ? "" : $" and job \"{Say.OneLine(jobId)}\""));
        }
        else if (full)
        {
            LogListing.WriteFull(screen.Output, logs, services.Time.LocalTimeZone);
        }
        else
        {
            screen.Write(LogListing.Draw(screen, logs, services.Time.LocalTimeZone));
        }

        return logs.Count > 0 ? ExitCodes.Success : ExitCodes.Failed;
    }
}
