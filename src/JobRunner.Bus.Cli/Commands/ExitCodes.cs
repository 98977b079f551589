namespace JobRunner.Bus.Cli.Commands;

/// <summary>What the program tells the shell.</summary>
internal static class ExitCodes
{
    /// <summary>Done; for run and submit --wait: every job is COMPLETE.</summary>
    public const int Success = 0;

    /// <summary>A job is not COMPLETE, or the command could not be carried out.</summary>
    public const int Failed = 1;

    /// <summary>The command line, a setting or a file is wrong; nothing was sent.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by Ctrl-C; by SIGTERM it is 143.</summary>
    public const int Interrupted = 130;
}
