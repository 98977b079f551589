using System.Collections;
using System.Diagnostics;
using System.Globalization;
using JobRunner.Bus.Runners.Jobs;

namespace JobRunner.Bus.Jobs.Shell;

/// <summary>What a command sees of the worker's environment.</summary>
internal static class CommandEnvironment
{
    /// <summary>
    /// Changes to the worker's own environment: who the job is and its mark, added; settings of the worker, which may hold passwords,
    /// taken out (a <see langword="null"/> value). Another user gets nothing of it but the search path, the language and the
    /// time zone.
    /// </summary>
    public static IReadOnlyDictionary<string, string?> For(JobRunContext context, string mark, CommandUser? user)
    {
        var changes = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            var name = (string)variable.Key;
            if (user is null ? IsWorkersOwn(name) : !IsEverybodys(name))
            {
                changes[name] = null;
            }
        }

        if (user is not null)
        {
            changes["HOME"] = user.Home;
            changes["USER"] = changes["LOGNAME"] = user.Name;
            changes["SHELL"] = user.Shell;
        }

        changes["JOBRUNNER_REQUEST_ID"] = context.RequestId;
        changes["JOBRUNNER_JOB_ID"] = context.Job.Id;
        changes["JOBRUNNER_TRY"] = context.Try.ToString(CultureInfo.InvariantCulture);
        changes[CommandGuard.Variable] = mark;
        // Where OpenTelemetry's tools look for it: what the command does belongs to the trace of its try.
        changes["TRACEPARENT"] = Activity.Current is { IdFormat: ActivityIdFormat.W3C } span ? span.Id : null;
        return changes;
    }

    private static bool IsWorkersOwn(string name) =>
        name.StartsWith("JobRunner__", StringComparison.OrdinalIgnoreCase)
        || name.StartsWith("JobRunner:", StringComparison.OrdinalIgnoreCase)
        // May hold the collector's credentials.
        || name.StartsWith("OTEL_", StringComparison.Ordinal);

    private static bool IsEverybodys(string name) => name is "PATH" or "LANG" or "LANGUAGE" or "TZ" || name.StartsWith("LC_", StringComparison.Ordinal);
}
