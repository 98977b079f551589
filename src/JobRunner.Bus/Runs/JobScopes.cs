using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runs;

/// <summary>Log scopes: whose job a line is about.</summary>
internal static class JobScopes
{
    private static readonly Func<ILogger, string, string, IDisposable?> Job =
        LoggerMessage.DefineScope<string, string>("RequestId:{RequestId} JobId:{JobId}");

    public static IDisposable? ForJob(this ILogger logger, RunJob command) => Job(logger, command.RequestId, command.Job.Id);
}
