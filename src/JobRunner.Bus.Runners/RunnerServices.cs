using JobRunner.Bus.Runners.Jobs;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runners;

/// <summary>Registers what runs jobs.</summary>
public static class RunnerServices
{
    /// <summary>
    /// Adds the runner factory, the repo and the job factory. The host adds <see cref="RunnerOptions"/>,
    /// <see cref="TrySlots"/> and an <see cref="IJobLogSink"/>.
    /// </summary>
    public static IServiceCollection AddRunners(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IJobFactory, JobFactory>();
        services.TryAddSingleton<RunnerFactory>();
        services.TryAddSingleton<RunnerRepo>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ILoggerProvider, TryLogProvider>());
        return services;
    }
}
