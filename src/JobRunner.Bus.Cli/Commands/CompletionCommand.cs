using System.CommandLine;

namespace JobRunner.Bus.Cli.Commands;

/// <summary><c>completion</c>: a script that lets a shell complete command lines by asking this program.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        // The program answers with what may stand at the position of the cursor, one a line.
        ["bash"] = """
            _jobrunner() {
                local IFS=$'\n'
                COMPREPLY=($(compgen -W "$(jobrunner "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _jobrunner jobrunner

            """,
        ["zsh"] = """
            #compdef jobrunner
            _jobrunner() {
                local line="${(j: :)words}"
                local -a found=("${(f)$(jobrunner "[suggest:${#line}]" "$line" 2>/dev/null)}")
                compadd -a found || _files
            }
            compdef _jobrunner jobrunner

            """,
        ["fish"] = """
            function __jobrunner
                set -l line (commandline -cp)
                jobrunner "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c jobrunner -a '(__jobrunner)'

            """,
    };

    /// <summary>The command.</summary>
    public static Command Build(CliServices services)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "Print a script that completes command lines of jobrunner in a shell.") { shell };
        command.SetAction(parsed =>
        {
            services.Screen.Output.Write(Scripts[parsed.GetRequiredValue(shell)].ReplaceLineEndings("\n"));
            return ExitCodes.Success;
        });
        return command;
    }
}
