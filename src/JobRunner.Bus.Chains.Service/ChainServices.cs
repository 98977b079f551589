using JobRunner.Bus.Chains.Service.Api;
using JobRunner.Bus.Chains.Service.Ask;
using JobRunner.Bus.Chains.Service.Consumers;
using JobRunner.Bus.Chains.Service.Report;
using JobRunner.Bus.Chains.Service.Send;
using JobRunner.Bus.Chains.Service.Store;
using JobRunner.Bus.Delivery.RequestManager;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Chains.Service;

/// <summary>Adds the chain service to a host that has a worker.</summary>
public static class ChainServices
{
    /// <summary>Adds the consumers of chains to the bus of <see cref="JobRunnerServices.AddJobRunner"/>. They take nothing until role <c>Chain</c> opens their queues.</summary>
    public static void AddChainConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<RunChainConsumer, RunChainConsumerDefinition>();
        bus.AddConsumer<ResumeChainConsumer, ResumeChainConsumerDefinition>();
        bus.AddConsumer<StopChainConsumer, StopChainConsumerDefinition>();
        bus.AddConsumer<ChainJobFinishedConsumer, ChainJobFinishedConsumerDefinition>();
        bus.AddConsumer<ChainDueConsumer, ChainDueConsumerDefinition>();
        bus.AddConsumer<ChainReportConsumer, ChainReportConsumerDefinition>();
        bus.AddConsumer<GetChainsConsumer, GetChainsConsumerDefinition>();
    }

    /// <summary>Adds role <c>Chain</c>, set up by section <c>JobRunner:Chains</c>. Goes after <c>AddJobRunner</c>.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The host's configuration, from its root.</param>
    public static IServiceCollection AddJobRunnerChains(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        services.AddSettings<ChainsOptions, ChainsOptionsRules>(configuration, ChainsOptions.Section);
        // A value that is no transport is told with all other settings when the host starts.
        _ = Enum.TryParse<TransportKind>(configuration[$"{TransportOptions.Section}:{nameof(TransportOptions.Transport)}"], ignoreCase: true, out var transport);
        if (transport != TransportKind.RabbitMq)
        {
            return services;
        }

        services.AddSingleton(provider => ChainDatabase.Of(provider.GetRequiredService<IOptions<ChainsOptions>>().Value));
        services.AddSingleton<ChainStore>();
        services.AddSingleton<ChainQuestions>();
        services.AddSingleton(provider => new Lazy<RoleTopology>(() => ChainTopology.Of(provider.GetRequiredService<IOptions<RequestManagerOptions>>().Value)));
        services.AddSingleton<DoneNotes>();
        services.AddSingleton<ChainSender>();
        services.AddSingleton<ChainService>();
        services.AddSingleton<ChainsOpened>();
        services.AddSingleton<StorePatience>();
        services.AddSingleton<RunningJobs>();
        services.AddSingleton<SpinCycleApi>();
        services.AddSingleton<RequestManagerChains>();
        services.AddSingleton<ChainProgress>();
        services.AddHostedService(provider => provider.GetRequiredService<ChainProgress>());
        services.AddHostedService<Outbox>();
        services.AddHostedService<ChainIntake>();
        return services;
    }

    /// <summary>
    /// Adds the API of Spin Cycle's Job Runner, where the worker has role <c>Chain</c>: post, resume and stop chains, and see what runs.
    /// It asks for no password.
    /// </summary>
    /// <param name="routes">The routes of the worker's HTTP port.</param>
    /// <param name="services">The host's services.</param>
    public static void MapSpinCycleApi(this IEndpointRouteBuilder routes, IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(services);
        if (services.GetRequiredService<IOptions<WorkerOptions>>().Value.Roles.HasFlag(WorkerRoles.Chain))
        {
            services.GetService<SpinCycleApi>()?.Map(routes);
        }
    }
}
