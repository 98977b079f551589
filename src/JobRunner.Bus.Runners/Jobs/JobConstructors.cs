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

        var chosen = constructors.Where(constructor => constructor.IsDefined(typeof(ActivatorUtilitiesConstructorAttribute))).ToList();
        if (chosen.Count > 1 || (chosen.Count == 0 && constructors.Length > 1))
        {
            return $"Job type \"{type.Type}\": {type.Implementation} has {constructors.Length} public constructors; "
                + "leave one, or mark one with [ActivatorUtilitiesConstructor].";
        }

        var missing = (chosen.Count == 1 ? chosen[0] : constructors[0]).GetParameters().Where(parameter => IsMissing(parameter, known)).ToList();
        return missing.Count == 0
            ? null
            : $"Job type \"{type.Type}\": the constructor of {type.Implementation} asks for "
                + $"{string.Join(", ", missing.Select(Describe))}, which no service is registered for.";
    }

    private static string Describe(ParameterInfo parameter) =>
        KeyOf(parameter) is { } key ? $"{parameter.ParameterType} with key \"{key}\"" : parameter.ParameterType.ToString();

    private static object? KeyOf(ParameterInfo parameter) => parameter.GetCustomAttribute<FromKeyedServicesAttribute>()?.Key;

    private static bool IsMissing(ParameterInfo parameter, IServiceProviderIsService? known)
    {
        if (known is null || parameter.HasDefaultValue)
        {
            return false;
        }

        if (parameter.GetCustomAttribute<FromKeyedServicesAttribute>() is null)
        {
            return !known.IsService(parameter.ParameterType);
        }

        // Who cannot tell leaves it to the first run.
        return KeyOf(parameter) is { } key && known is IServiceProviderIsKeyedService keyed && !keyed.IsKeyedService(parameter.ParameterType, key);
    }
}
