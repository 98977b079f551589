using Microsoft.Extensions.DependencyInjection;

namespace JobRunner.Bus.Runners.Jobs;

/// <summary>One job type: its name on the wire and the class that runs it.</summary>
/// <param name="Type">The name, as in <see cref="Contracts.Job.Type"/>; case-sensitive.</param>
/// <param name="Implementation">A class that implements <see cref="IJob"/>.</param>
public sealed record JobType(string Type, Type Implementation);

/// <summary>Registers job types.</summary>
public static class JobTypes
{
    /// <summary>
    /// Registers <typeparamref name="TJob"/> as the code of jobs of this type. Its constructor takes services; a new
    /// instance is made for every run, in a scope of its own that ends with the run.
    /// </summary>
    /// <exception cref="ArgumentException">The name is empty, or registered already.</exception>
    public static IServiceCollection AddJob<TJob>(this IServiceCollection services, string type)
        where TJob : class, IJob
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(type);

        foreach (var service in services)
        {
            if (service.ImplementationInstance is JobType other && other.Type == type)
            {
                throw new ArgumentException(
                    $"Job type \"{type}\" is registered twice: by {other.Implementation} and by {typeof(TJob)}.", nameof(type));
            }
        }

        return services.AddSingleton(new JobType(type, typeof(TJob)));
    }
}
