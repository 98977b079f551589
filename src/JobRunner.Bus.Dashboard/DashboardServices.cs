using JobRunner.Bus.Dashboard.Login;
using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.RabbitMq;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace JobRunner.Bus.Dashboard;

/// <summary>What the dashboard needs in a host.</summary>
public static class DashboardServices
{
    /// <summary>
    /// Adds the dashboard's look at a broker: one for the whole host, however many people look. It asks the workers once a second and
    /// keeps nothing beyond the host's life.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="broker">The broker that the workers are on; its user must be permitted what <c>operator</c> is in <c>infra/rabbitmq/definitions.json</c>.</param>
    /// <param name="options">How the dashboard behaves; as preset if absent.</param>
    /// <exception cref="ArgumentException">A setting of the broker is wrong; all wrong settings are told. Or one of the options is.</exception>
    public static IServiceCollection AddJobRunnerDashboard(this IServiceCollection services, RabbitMqOptions broker, DashboardOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(broker);
        var settings = broker.Clone();
        var wrong = BrokerAddress.Problems(settings);
        return wrong.Count == 0
            ? services.AddJobRunnerDashboard(new BrokerAddress(settings), options)
            : throw new ArgumentException(string.Join("; ", wrong), nameof(broker));
    }

    /// <summary>The same for a broker whose settings were found good.</summary>
    internal static IServiceCollection AddJobRunnerDashboard(this IServiceCollection services, BrokerAddress broker, DashboardOptions? options = null)
    {
        options ??= new DashboardOptions();
        options.Validate();
        if (options.TokenFile is { } tokenFile)
        {
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<DashboardToken>(provider, tokenFile));
            services.AddSingleton<LoginTries>();
            services.AddSingleton<Passes>();
        }

        services.AddSingleton<ErrorActions>();
        services.AddSingleton<WorkActions>();
        services.AddSingleton(broker);
        services.AddSingleton<BrokerWatch>();
        services.AddSingleton<ErrorLook>();
        services.AddSingleton<ChainLook>();
        services.AddSingleton<BrokerLook>();
        services.AddSingleton<LogLook>();
        services.AddHostedService(provider => provider.GetRequiredService<BrokerWatch>());
        return services.AddDashboardOf<BrokerSource>(options);
    }

    /// <summary>The same for what another source knows.</summary>
    internal static IServiceCollection AddDashboardOf<TSource>(this IServiceCollection services, DashboardOptions? options = null)
        where TSource : class, ISource
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options ?? new DashboardOptions());
        services.AddSingleton<PictureBook>();
        services.AddSingleton<ISource, TSource>();
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            // What a page had is of no use to it later: it is loaded anew.
            circuits.DisconnectedCircuitMaxRetained = 20;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromSeconds(30);
        });
        return services;
    }
}
