using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>One job type: its name on the wire and the class that runs it.</summary>
/// <param name="Type">The name, as in <see cref="Contracts.Job.Type"/>; case-sensitive.</param>
/// <param name="Implementation">A class that implements <see cref="IJob"/>.</param>
public sealed record JobType(string Type, Type Implementation)
{
    /// <summary>Its limits.</summary>
    public JobTypeOptions Options { get; init; } = new();
}

/// <summary>Registers job types.</summary>
public static class JobTypes
{
    /// <summary>
    /// Registers <typeparamref name="TJob"/> as the code of jobs of this type. Its constructor takes services; a new
    /// instance is made for every run, in a scope of its own that ends with the run.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="type">The name, as schedulers send it; case-sensitive.</param>
    /// <param name="configure">Sets limits of the type.</param>
    /// <exception cref="ArgumentException">
    /// The name is empty, longer than a Request Manager holds, has blanks around it, or is registered already; the class is
    /// abstract, has required members, or an async void method; or a limit is out of range.
    /// </exception>
    public static IServiceCollection AddJob<TJob>(this IServiceCollection services, string type, Action<JobTypeOptions>? configure = null)
        where TJob : class, IJob
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(type);
        if (JobClassRules.NameProblem(type) is { } name)
        {
            throw new ArgumentException(name, nameof(type));
        }

        if (JobClassRules.ClassProblem(typeof(TJob)) is { } mistake)
        {
            throw new ArgumentException($"Job type \"{type}\": {mistake}", nameof(type));
        }

        var options = new JobTypeOptions();
        configure?.Invoke(options);
        options.Validate(type);

        foreach (var service in services)
        {
            if (service.ImplementationInstance is JobType other && other.Type == type)
            {
                throw new ArgumentException(
                    $"Job type \"{type}\" is registered twice: by {other.Implementation} and by {typeof(TJob)}.", nameof(type));
            }
        }

        return services.AddSingleton(new JobType(type, typeof(TJob)) { Options = options });
    }
}
