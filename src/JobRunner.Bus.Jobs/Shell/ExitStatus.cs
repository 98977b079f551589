namespace JobRunner.Bus.Jobs.Shell;

/// <summary>Puts exit codes in the words of Go's <c>os/exec</c>.</summary>
internal static class ExitStatus
{
    private static readonly string?[] SignalNames =
    [
        null, "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error",
        "floating point exception", "killed", "user defined signal 1", "segmentation fault", "user defined signal 2",
        "broken pipe", "alarm clock", "terminated",
    ];

    /// <summary>The error of an exit code; <see langword="null"/> for 0.</summary>
    /// <remarks>128 + n is told as a signal and as a number: from outside, a shell passing it on looks the same.</remarks>
    public static string? ToError(int code)
    {
        if (code == 0)
        {
            return null;
        }

        var signal = code - 128;
        return signal > 0 && signal < SignalNames.Length
            ? $"signal: {SignalNames[signal]} (exit status {code})"
            : $"exit status {code}";
    }
}
