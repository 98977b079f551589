namespace JobRunner.Bus.Jobs.Shell;

/// <summary>Bytes of a <c>shell-command</c> job.</summary>
internal sealed record ShellCommandBytes
{
    private const string Example = """{"cmd": "/bin/echo", "args": ["a", "b"]}""";

    /// <summary>The program: a path, or a name to be found on PATH.</summary>
    public string? Cmd { get; init; }

    /// <summary>Its arguments, as they are: nothing expands, splits or quotes them.</summary>
    public IReadOnlyList<string?>? Args { get; init; }

    /// <summary>Exit codes, 1 to 255, after which the command is not tried again. Go's jobs do not know them.</summary>
    public IReadOnlyList<int>? PermanentExits { get; init; }

    /// <exception cref="FormatException">The bytes name no program, or cannot be passed to one.</exception>
    public static (string Command, IReadOnlyList<string> Arguments, IReadOnlyList<int> PermanentExits) Read(ReadOnlySpan<byte> bytes)
    {
        var read = JobBytes.Read(bytes, JobBytesJson.Default.ShellCommandBytes, BuiltInJobs.ShellCommand, Example);
        if (string.IsNullOrEmpty(read.Cmd))
        {
            throw new FormatException($"the bytes of the shell-command job have no \"cmd\"; they must be JSON such as {Example}");
        }

        // Go reads a null in a list of strings as "".
        string[] arguments = [.. (read.Args ?? []).Select(argument => argument ?? "")];
        if (read.Cmd.Contains('\0') || arguments.Any(argument => argument.Contains('\0')))
        {
            throw new FormatException("\"cmd\" and \"args\" of a shell-command job must not hold NUL characters: no program can be given one");
        }

        var permanent = read.PermanentExits ?? [];
        if (permanent.Any(exit => exit is < 1 or > 255))
        {
            throw new FormatException(
                $"\"permanentExits\" of the shell-command job has {permanent.First(exit => exit is < 1 or > 255)}; exit codes of failures are 1 to 255");
        }

        return (read.Cmd, arguments, permanent);
    }
}
