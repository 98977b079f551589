using System.ComponentModel;
using System.Diagnostics;
using CliWrap;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>
/// Finds programs as Go's <c>exec.LookPath</c> does, and <c>setsid</c>, which starts them: it makes the command the
/// leader of a session of its own, so that all it starts can be found and ended, and then becomes the command (same
/// process id, so the exit code is the command's).
/// </summary>
internal static class CommandLauncher
{
    private const string DefaultPipeSignal = "--default-signal=PIPE";

    private static readonly string[] GuardNeeds = ["sh", "grep", "sleep"];

    private const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Path of <c>setsid</c>; <see langword="null"/> where there is none.</summary>
    public static string? Setsid { get; } = OperatingSystem.IsLinux() ? FindOnPath("setsid") : null;

    // .NET ignores SIGPIPE and its children inherit that: "yes | head" would not end quietly. GNU env can undo it.
    private static readonly Lazy<string?> Env = new(() => FindOnPath("env") is { } env && ResetsSignals(env) ? env : null);

    /// <summary>The command that runs a program as the leader of a new session, and as another user if one is given.</summary>
    public static Command Launch(string path, IEnumerable<string> arguments, CommandUser? user)
    {
        // env would take a path with "=" for a variable.
        string[] prefix = Env.Value is { } env && !path.Contains('=') ? [env, DefaultPipeSignal] : [];
        var command = Cli.Wrap(Setsid!).WithArguments([.. user?.Prefix ?? [], .. prefix, path, .. arguments]);
        return user is null ? command : command.WithWorkingDirectory(user.Folder);
    }

    /// <summary>Why commands cannot run on this machine; <see langword="null"/> when they can.</summary>
    public static string? WhyUnusable()
    {
        if (!OperatingSystem.IsLinux())
        {
            return "shell-command needs Linux: it finds what a command started through sessions and /proc";
        }

        return Setsid is null ? "the program setsid (package util-linux) is not on PATH"
            : GuardNeeds.FirstOrDefault(program => FindOnPath(program) is null) is { } missing ? $"the program {missing} is not on PATH"
            : null;
    }

    /// <summary>Full path of a program, or why there is none, in the words of Go's <c>os/exec</c>.</summary>
    public static (string? Path, string? Error) Find(string command)
    {
        if (!command.Contains('/'))
        {
            return FindOnPath(command) is { } found
                ? (found, null)
                : (null, $"exec: \"{command}\": executable file not found in $PATH");
        }

        // A full path cannot be mistaken for an option of setsid.
        var path = Path.GetFullPath(command);
        if (!Path.Exists(path))
        {
            return (null, $"fork/exec {command}: no such file or directory");
        }

        return !IsExecutable(path) ? (null, $"fork/exec {command}: permission denied")
            : ScriptLine.Problem(path) is { } problem ? (null, $"fork/exec {command}: {problem}")
            : (path, null);
    }

    /// <summary>Full path of a program on the worker's PATH; <see langword="null"/> when it is not there.</summary>
    public static string? FindOnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(':')
            .Where(Path.IsPathRooted)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(IsExecutable);

    private static bool IsExecutable(string path) =>
        File.Exists(path) && !OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & AnyExecute) != 0;

    private static bool ResetsSignals(string env)
    {
        try
        {
            using var probe = Process.Start(new ProcessStartInfo(env, [DefaultPipeSignal, "true"]) { RedirectStandardError = true });
            return probe is not null && probe.WaitForExit(TimeSpan.FromSeconds(5)) && probe.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
