using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>What is wrong with settings, for the person who set them.</summary>
internal static class SettingsErrors
{
    /// <summary>Refuses to start with wrong settings: all that is wrong is told at once.</summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static void Require(IServiceProvider services)
    {
        if (SettingsProblems.Of(services) is { Count: > 0 } problems)
        {
            throw new UsageException(string.Join(Environment.NewLine, problems));
        }
    }

    /// <summary>Reads settings.</summary>
    /// <exception cref="UsageException">One is wrong.</exception>
    public static T Explain<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (OptionsValidationException error)
        {
            throw new UsageException(string.Join(Environment.NewLine, error.Failures));
        }
    }
}
