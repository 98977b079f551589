using JobRunner.Bus.Cli.Commands;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>Turns what the framework says of wrong settings into what the person who set them can act on.</summary>
internal static class SettingsErrors
{
    /// <summary>Runs <paramref name="start"/>; wrong settings end in exit code 2, with all that is wrong told at once.</summary>
    public static T Explain<T>(Func<T> start) => ExplainAsync(() => Task.FromResult(start())).GetAwaiter().GetResult();

    /// <summary>Runs <paramref name="start"/>; wrong settings end in exit code 2, with all that is wrong told at once.</summary>
    public static async Task<T> ExplainAsync<T>(Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch (OptionsValidationException error)
        {
            throw new UsageException(string.Join(Environment.NewLine, error.Failures));
        }
        catch (AggregateException error) when (error.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            var failures = error.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures);
            throw new UsageException(string.Join(Environment.NewLine, failures));
        }
        catch (InvalidOperationException error) when (IsAboutSettings(error))
        {
            throw new UsageException(EnvironmentNames(error.Message));
        }
    }

    // The binder has no exception type of its own; its messages name the configuration key.
    private static bool IsAboutSettings(InvalidOperationException error) =>
        error.Message.Contains("'JobRunner:", StringComparison.Ordinal)
        || error.Message.Contains("ErrorOnUnknownConfiguration", StringComparison.Ordinal);

    private static string EnvironmentNames(string message) =>
        message.Contains("ErrorOnUnknownConfiguration", StringComparison.Ordinal)
            ? $"unknown setting: {message}"
            : message.Replace("JobRunner:", "JobRunner__", StringComparison.Ordinal).Replace(":", "__", StringComparison.Ordinal);
}
