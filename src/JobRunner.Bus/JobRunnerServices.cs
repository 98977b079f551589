using JobRunner.Bus.Consumers;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.Delivery.Redeliver;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Journal;
using JobRunner.Bus.Leases;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Record;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Stops;
using JobRunner.Bus.Telemetry;
using JobRunner.Bus.Topology;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus;

/// <summary>Adds a worker to a host.</summary>
public static class JobRunnerServices
{
    /// <summary>
    /// Adds a worker that runs jobs and delivers their logs, set up by section <c>JobRunner</c> of the configuration. Job
    /// types are added with <c>AddJob&lt;T&gt;("type")</c>. Settings are validated when the host starts.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The host's configuration, from its root.</param>
    /// <param name="configureBus">Adds consumers of the host's own to the bus.</param>
    public static IServiceCollection AddJobRunner(
        this IServiceCollection services, IConfiguration configuration, Action<IBusRegistrationConfigurator>? configureBus = null)
    {
        ArgumentNullException.ThrowIfNull(configuration);

        // The transport is chosen before there are services; its value is validated with all others when the host starts.
        _ = Enum.TryParse<TransportKind>(configuration[TransportOptions.Path], ignoreCase: true, out var transport);
        services.AddSettings(configuration);
        services.AddRunners();
        services.AddJobLogDelivery(configuration);
        services.AddAccept(transport);
        services.AddMassTransit(bus =>
        {
            // It would report each worker to a server of MassTransit's makers, and fails the bus when an endpoint opens as it counts them.
            bus.DisableUsageTelemetry();
            bus.AddConsumer<RunJobConsumer, RunJobConsumerDefinition>();
            bus.AddConsumer<StopJobConsumer, StopJobConsumerDefinition>();
            bus.AddConsumer<GetRunnerStatusConsumer, GetRunnerStatusConsumerDefinition>();
            bus.AddConsumer<DrainWorkerConsumer, DrainWorkerConsumerDefinition>();
            bus.AddConsumer<JobLogRecordedConsumer, JobLogRecordedConsumerDefinition>();
            configureBus?.Invoke(bus);
            if (transport == TransportKind.RabbitMq)
            {
                bus.UsingRabbitMq(ConfigureBroker);
            }
            else
            {
                bus.UsingInMemory((_, memory) => ConfigureWire(memory));
            }
        });

        // After MassTransit's own service: started after the bus, stopped before it.
        services.AddSingleton<WorkerIntake>();
        services.AddHostedService(provider => provider.GetRequiredService<WorkerIntake>());
        return services;
    }

    private static void AddSettings(this IServiceCollection services, IConfiguration configuration)
    {
        // Before all others: it tells their mistyped names.
        services.AddSingleton(provider => new SettingsCheck(configuration, provider.GetServices<SettingsSection>()));
        services.AddSettings<TransportOptions, TransportOptionsRules>(configuration, TransportOptions.Section);
        services.PostConfigure<RabbitMqOptions>(RabbitMqSecrets.ReadInto);
        services.AddSettings<RabbitMqOptions, RabbitMqOptionsRules>(configuration, RabbitMqOptions.Section);
        services.AddSettings<WorkerOptions, WorkerOptionsRules>(configuration, WorkerOptions.Section);
        services.AddSingleton(provider =>
        {
            var worker = provider.GetRequiredService<IOptions<WorkerOptions>>().Value;
            return new RunnerOptions { StopTimeout = worker.StopTimeout, ParkWaitsOver = worker.ParkWaitsOver, MaxLoggedBytes = worker.MaxLoggedBytes };
        });
        services.AddSingleton(provider => new TrySlots(provider.GetRequiredService<IOptions<WorkerOptions>>().Value.Slots));

        // The host must not cut the drain short.
        services.AddOptions<HostOptions>().Configure<IServiceProvider>(GiveTimeToDrain);
        services.AddOptions<MassTransitHostOptions>().Configure(bus => bus.StopTimeout = TimeSpan.FromSeconds(10));
    }

    private static void GiveTimeToDrain(HostOptions host, IServiceProvider services)
    {
        try
        {
            var worker = services.GetRequiredService<IOptions<WorkerOptions>>().Value;
            host.ShutdownTimeout = worker.DrainTimeout + worker.StopTimeout + TimeSpan.FromSeconds(30);
        }
        catch (Exception error) when (error is OptionsValidationException or InvalidOperationException)
        {
            // The host is only being built: wrong settings are told when it starts, all of them together.
        }
    }

    private static void AddAccept(this IServiceCollection services, TransportKind transport)
    {
        services.TryAddSingleton<WorkerName>();
        services.AddSingleton<OwnStatus>();
        services.AddSingleton<WorkerReadiness>();
        services.AddSingleton<WorkerMetrics>();
        services.AddSingleton<WorkerDrain>();
        services.AddSingleton<DrainSignal>();
        services.AddSingleton<RunClaims>();
        services.AddSingleton<RunDispatcher>();
        services.AddSingleton<CrashResumer>();
        services.AddSingleton<RunStarter>();
        services.AddSingleton<CommandRetry>();
        services.AddSingleton<StopBook>();
        services.AddSingleton<StopHearing>();
        services.AddSingleton<StopSilence>();
        services.AddSingleton<TimelessStops>();
        services.AddSingleton<StoppedCommands>();
        services.AddSingleton<StopReplies>();
        services.AddSingleton<UntilAccepted>();
        services.AddSingleton<IJobLogSink, JobLogPublisher>();
        services.AddSingleton<JobFinishedPublisher>();
        services.AddSingleton<RunEndPublisher>();
        if (transport == TransportKind.RabbitMq)
        {
            services.AddSingleton<BrokerDelay>();
            services.AddSingleton<ILogDelay, BrokerLogDelay>();
            services.AddSingleton<BrokerLink>();
            services.AddSingleton<BrokerReach>();
            services.AddSingleton<BrokerTopology>();
            services.AddHostedService<QueueDepths>();
            services.AddHostedService<TopologyWatch>();
            services.AddSingleton<Preflight>();
            services.AddSingleton<PreflightGate>();
            services.AddSingleton<IOutlet, BrokerOutlet>();
            services.AddSingleton<IJobJournal, BrokerJournal>();
            services.AddSingleton<Questions>();
            services.AddSingleton<BrokerLosses>();
            services.AddSingleton<LeaseTalk>();
            services.AddSingleton<LeaseGuard>();
            services.AddSingleton<ITryGate>(provider => provider.GetRequiredService<LeaseGuard>());
            services.AddSingleton<LeaseWatch>();
            services.AddSingleton<ILeases, BrokerLeases>();
            services.AddSingleton<BrokerStopNotes>();
            services.AddSingleton<StopCatchUp>();
            services.AddSingleton<StopReader>();
            services.AddSingleton<IStopNotes>(provider => provider.GetRequiredService<BrokerStopNotes>());
            services.AddSingleton<IRunRelay, BrokerRelay>();
            services.AddSingleton<IReplies, BrokerReplies>();
        }
        else
        {
            services.AddSingleton<IOutlet, BusOutlet>();
            services.AddSingleton<IJobJournal, NoJournal>();
            services.AddSingleton<ILeases, NoLeases>();
            services.AddSingleton<IStopNotes, InMemoryStopNotes>();
            services.AddSingleton<IRunRelay, InMemoryRelay>();
            services.AddSingleton<IReplies, NoReplies>();
        }
    }

    private static void ConfigureBroker(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator broker)
    {
        // The bus is made before the host validates its settings: all that is wrong with them is told, not only the URI.
        context.GetRequiredService<IStartupValidator>().Validate();
        var worker = context.GetRequiredService<WorkerName>();
        var options = context.GetRequiredService<IOptions<RabbitMqOptions>>().Value;
        var reach = context.GetRequiredService<BrokerReach>();
        var (link, topology) = (context.GetRequiredService<BrokerLink>(), context.GetRequiredService<BrokerTopology>());
        var stopping = context.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        broker.Host(new Uri(options.Uri!), $"jobrunner {worker}", host =>
        {
            host.Heartbeat(Heartbeats.For(context.GetRequiredService<IOptions<WorkerOptions>>().Value.Lease));
            host.OnRefreshConnectionFactory = factory => MassTransitHost.RefreshAsync(factory, options, reach, link, topology, stopping);
            if (options.UsesTls)
            {
                host.UseSsl(tls => MassTransitHost.SetTls(tls, options));
            }

            // It asks them in this order: workers spread over the nodes.
            var nodes = BrokerNodes.Of(options).Select(node => $"{node.HostName}:{node.Port}").ToArray();
            if (nodes.Length > 1)
            {
                Random.Shared.Shuffle(nodes);
                host.UseCluster(cluster => Array.ForEach(nodes, cluster.Node));
            }
        });
        // The bus makes this queue only for a host whose own consumers wait for replies.
        broker.Exclusive = true;
        broker.OverrideDefaultBusEndpointQueueName(Names.WorkerQueue(worker.Value));
        ConfigureWire(broker);
    }

    /// <summary>The wire of the contract on a bus: plain JSON, and the names that any client can use.</summary>
    internal static void ConfigureWire(IBusFactoryConfigurator bus)
    {
        bus.ClearSerialization();
        bus.AddSerializer(WireSerializer.Instance);
        bus.AddDeserializer(WireSerializer.Instance, isDefault: true);
        bus.Message<RunJob>(message => message.SetEntityName(Names.RunJob));
        bus.Message<StopJob>(message => message.SetEntityName(Names.StopJob));
        bus.Message<JobLogRecorded>(message => message.SetEntityName(Names.JobLogRecorded));
        bus.Message<JobFinished>(message => message.SetEntityName(Names.JobFinished));
        bus.Message<GetRunnerStatus>(message => message.SetEntityName(Names.GetRunnerStatus));
    }
}
