using System.CommandLine;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>worker</c>: takes jobs from a broker until it is told to end.</summary>
internal static class WorkerCommand
{
    /// <summary>The command.</summary>
    public static Command Build(CliServices services, Option<string?> broker)
    {
        var command = new Command("worker", "Run jobs from a broker until SIGTERM or Ctrl-C.") { TreatUnmatchedTokensAsErrors = false };
        var check = new Option<bool>("--check")
        {
            Description = "Only look whether settings and broker are as a worker needs them; what is missing at the broker is made. Exit code 2 if not.",
        };
        command.Options.Add(check);
        command.SetAction((parsed, cancellation) =>
        {
            RequireSettings(parsed.UnmatchedTokens);
            return services.RunWorker(new WorkerArguments(parsed.GetValue(broker), parsed.UnmatchedTokens, parsed.GetValue(check)), cancellation);
        });
        return command;
    }

    // A mistyped option would otherwise count as a setting nobody reads.
    private static void RequireSettings(IReadOnlyList<string> tokens)
    {
        var valueMayFollow = false;
        foreach (var token in tokens)
        {
            var isSetting = token.StartsWith("--", StringComparison.Ordinal) && token.Contains(':', StringComparison.Ordinal);
            if (!isSetting && !valueMayFollow)
            {
                throw new UsageException($"\"{token}\" is no option of worker; settings are given as --JobRunner:Worker:Slots 4");
            }

            valueMayFollow = isSetting && !token.Contains('=', StringComparison.Ordinal);
        }

        if (valueMayFollow)
        {
            throw new UsageException($"setting {tokens[^1]} has no value");
        }
    }
}
