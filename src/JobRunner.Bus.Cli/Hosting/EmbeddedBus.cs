using System.Threading.Channels;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Dashboard;
using JobRunner.Bus.Dashboard.Watch;
using JobRunner.Bus.Delivery.Gate;
using JobRunner.Bus.Jobs;
using JobRunner.Bus.Record;
using JobRunner.Bus.Settings;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>A worker inside this process, on the in-memory transport: what <c>run</c> sends its jobs to.</summary>
internal sealed partial class EmbeddedBus : IEmbeddedBus
{
    private static readonly TimeSpan LastChance = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    private readonly IHost _host;
    private readonly EmbeddedResults _results;
    private Func<Task> _closeDashboard = () => Task.CompletedTask;

    private EmbeddedBus(IHost host)
    {
        _host = host;
        _results = host.Services.GetRequiredService<EmbeddedResults>();
    }

    public ChannelReader<JobFinished> Finished => _results.Finished;

    public ChannelReader<JobLogRecorded> Logs => _results.Logs;

    /// <summary>Starts the worker.</summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static async Task<IEmbeddedBus> OpenAsync(EmbeddedBusArguments arguments, CancellationToken cancellation)
    {
        var host = Build(arguments);
        // Before the host does, which would write a stack trace.
        SettingsErrors.Require(host.Services);
        await host.StartAsync(cancellation);
        return new EmbeddedBus(host);
    }

    private static IHost Build(EmbeddedBusArguments arguments)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Configuration.AddInMemoryCollection(Overrides(arguments));
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
        builder.Services.Configure<ConsoleLoggerOptions>(LogToStandardError);

        // A failed try is in the table at the end; only what the table cannot show is worth a line between.
        builder.Logging.SetMinimumLevel(LogLevel.Error);
        // The command listens for signals itself, and stops its jobs before it ends this host.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddJobRunner(builder.Configuration, bus => bus.AddConsumer<EmbeddedResultsConsumer, EmbeddedResultsConsumerDefinition>());
        builder.Services.AddBuiltInJobs();
        builder.Services.AddSingleton<EmbeddedResults>();
        builder.Services.AddHostedService<EmbeddedResultsEndpoint>();
        builder.Services.DecorateJobLogStore();
        return builder.Build();
    }

    private static void LogToStandardError(ConsoleLoggerOptions console) => console.LogToStandardErrorThreshold = LogLevel.Trace;

    private static Dictionary<string, string?> Overrides(EmbeddedBusArguments arguments)
    {
        var settings = new Dictionary<string, string?>
        {
            ["JobRunner:Transport"] = nameof(TransportKind.InMemory),
            ["JobRunner:Worker:Roles"] = "Run,Report",
            // A broker that the environment names is for the other commands.
            ["JobRunner:RabbitMq:Uri"] = "",
            ["JobRunner:RabbitMq:UriFile"] = "",
            // The file is the user's own, run as the user.
            ["JobRunner:Jobs:Shell:Enabled"] = "true",
            ["Logging:LogLevel:Default"] = "Error",
        };
        if (arguments.Slots is { } slots)
        {
            settings["JobRunner:Worker:Slots"] = $"{slots}";
        }

        return settings;
    }

    public Task SendAsync(RunJob command, CancellationToken cancellation)
    {
        _results.Expect(command);
        return _host.Services.GetRequiredService<IBus>().Publish(command, cancellation);
    }

    public Task StopAsync(StopJob command, CancellationToken cancellation) =>
        _host.Services.GetRequiredService<IBus>().Publish(command, cancellation);

    public Task<IReadOnlyList<RunnerStatus>> GetStatusAsync(string requestId, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<RunnerStatus>>(
            [.. _host.Services.GetRequiredService<OwnStatus>().Runs(requestId)]);

    public async Task<string> ServeDashboardAsync(IReadOnlyList<TrackedChain> chains, int port)
    {
        var own = _host.Services;
        var dashboard = await DashboardHost.StartAsync(port, services => services
            .AddSingleton(own.GetRequiredService<OwnStatus>())
            .AddSingleton(_results)
            .AddSingleton(chains)
            .AddSingleton(pages => ActivatorUtilities.CreateInstance<LogLook>(pages, own.GetRequiredService<IConfiguration>()))
            .AddDashboardOf<EmbeddedSource>()
            .AddHostedService(pages => (EmbeddedSource)pages.GetRequiredService<ISource>())
            .Configure<ConsoleLoggerOptions>(LogToStandardError));
        _closeDashboard = async () =>
        {
            await dashboard.StopAsync();
            await dashboard.DisposeAsync();
        };
        return dashboard.Urls.First();
    }

    public async ValueTask DisposeAsync()
    {
        await _closeDashboard();
        await StoreTheRestAsync();
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>Gives logs that could not be stored so far a last chance: they end with this process.</summary>
    private async Task StoreTheRestAsync()
    {
        var underWay = _host.Services.GetRequiredService<UnderWay>();
        if (underWay.Count == 0)
        {
            return;
        }

        using var timer = new PeriodicTimer(Poll);
        var toldAt = LastChance - (50 * Poll);
        for (var left = LastChance; left > TimeSpan.Zero && underWay.Count > 0; left -= Poll)
        {
            if (left == toldAt)
            {
                WaitsForLogs(_host.Services.GetRequiredService<ILogger<EmbeddedBus>>(), underWay.Count, LastChance);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    [LoggerMessage(1402, LogLevel.Error, "Job logs that are not stored yet: {Count}. They are tried for {For}, then they are lost")]
    private static partial void WaitsForLogs(ILogger logger, int count, TimeSpan @for);
}
