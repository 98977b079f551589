using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.DependencyInjection;
using Spectre.Console;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary><c>worker --check</c>: whether a worker with these settings could work, and what to do if not.</summary>
internal static class WorkerCheck
{
    /// <summary>Looks once, and tells everything it looked at.</summary>
    public static async Task<int> RunAsync(WorkerArguments arguments, Screen screen, CancellationToken cancellation)
    {
        using var host = WorkerHost.Build(arguments);
        SettingsErrors.Require(host.Services);
        IReadOnlyList<PreflightFinding> findings;
        try
        {
            findings = await host.Services.GetRequiredService<Preflight>().RunAsync(cancellation);
        }
        catch (Exception error) when (error is not OperationCanceledException || !cancellation.IsCancellationRequested)
        {
            throw new CommandException($"the broker could not be asked: {error.GetBaseException().Message.ReplaceLineEndings(" ")}");
        }

        var table = screen.NewTable("WHAT", "VERDICT", "WHY", "WHAT TO DO");
        foreach (var finding in findings)
        {
            table.AddRow(new Text(Say.OneLine(finding.What)), new Text(Word(finding.Verdict)), new Text(Say.OneLine(finding.Text)), new Text(Say.OneLine(finding.Fix)));
        }

        screen.Write(table);
        return findings.Any(finding => finding.Verdict == PreflightVerdict.Wrong) ? ExitCodes.Usage : ExitCodes.Success;
    }

    private static string Word(PreflightVerdict verdict) => verdict switch
    {
        PreflightVerdict.Good => "ok",
        PreflightVerdict.Note => "note",
        PreflightVerdict.Warning => "warning",
        _ => "WRONG",
    };
}
