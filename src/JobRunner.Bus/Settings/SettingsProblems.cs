using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Settings;

/// <summary>Tells all that is wrong with the settings of a host, at once.</summary>
internal static class SettingsProblems
{
    /// <summary>What is wrong, one sentence each, by the names in the environment; nothing when the host can start.</summary>
    public static IReadOnlyList<string> Of(IServiceProvider services)
    {
        List<string> problems = [.. services.GetService<SettingsCheck>()?.Problems() ?? []];
        try
        {
            services.GetService<IStartupValidator>()?.Validate();
        }
        catch (OptionsValidationException error)
        {
            problems.AddRange(error.Failures);
        }
        catch (AggregateException error) when (error.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            problems.AddRange(error.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures));
        }
        catch (InvalidOperationException) when (problems.Count > 0)
        {
            // The binder's words for a value that does not fit, of which ours were found above.
        }

        return [.. problems.Distinct()];
    }
}
