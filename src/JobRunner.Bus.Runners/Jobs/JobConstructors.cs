using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>Finds jobs that could never be made, before the first command does.</summary>
internal static class JobConstructors
{
    /// <summary>Checks that every job has a constructor whose services there are.</summary>
    /// <exception cref="InvalidOperationException">Some have none; all of them are told.</exception>
    public static void Check(IEnumerable<JobType> types, IServiceProviderIsService? known)
    {
        var wrong = types.Select(type => Describe(type, known)).OfType<string>().ToList();
        if (wrong.Count > 0)
        {
            throw new InvalidOperationException(string.Join(' ', wrong));
        }
    }

    private static string? Describe(JobType type, IServiceProviderIsService? known)
    {
        var constructors = type.Implementation.GetConstructors();
        if (constructors.Length == 0)
        {
            return $"Job type \"{type.Type}\": {type.Implementation} has no public constructor.";
        }

        var missing = constructors.Select(constructor => constructor.GetParameters().Where(parameter => IsMissing(parameter, known)).ToList()).ToList();
        return missing.Exists(none => none.Count == 0)
            ? null
            : $"Job type \"{type.Type}\": the constructor of {type.Implementation} asks for "
                + $"{string.Join(", ", missing[0].Select(parameter => parameter.ParameterType))}, which no service is registered for.";
    }

    // A keyed service is left to the one who makes the job.
    private static bool IsMissing(ParameterInfo parameter, IServiceProviderIsService? known) =>
        known is not null
        && !parameter.HasDefaultValue
        && parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is null
        && !known.IsService(parameter.ParameterType);
}
