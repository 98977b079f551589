using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Jobs;

/// <summary>Events 1050–1099: built-in jobs.</summary>
internal static partial class JobsLog
{
    [LoggerMessage(1050, LogLevel.Warning, "The guard that ends commands when this worker is killed is gone (exit code {ExitCode}); another one is started")]
    public static partial void GuardLost(ILogger logger, int exitCode);

    [LoggerMessage(1051, LogLevel.Error, "The guard that ends commands when this worker is killed cannot be started: {Reason}. Commands run without it")]
    public static partial void NoGuard(ILogger logger, string reason);
}
