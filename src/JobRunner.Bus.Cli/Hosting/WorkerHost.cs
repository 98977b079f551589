using System.Globalization;
using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.Jobs;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>The process of <c>jobrunner worker</c>.</summary>
internal static class WorkerHost
{
    private const int TlsAttempts = 5;

    private const int ThreadsOfTheWorker = 16;

    private static readonly TimeSpan BetweenTlsAttempts = TimeSpan.FromSeconds(2);

    /// <summary>Runs until SIGTERM or Ctrl-C, then drains; a second signal ends the process at once.</summary>
    public static Task<int> RunAsync(WorkerArguments arguments, CancellationToken cancellation) => SettingsErrors.ExplainAsync(async () =>
    {
        using var interrupts = new ConsoleInterrupts();
        await using var app = Build(arguments);
        await RequireBrokerAsync(app.Services, interrupts.Stop);
        var readiness = app.Services.GetRequiredService<WorkerReadiness>();
        await app.RunAsync(cancellation);
        return readiness.Refused.Count == 0
            ? ExitCodes.Success
            : throw new UsageException($"the worker cannot work with its broker:{Environment.NewLine}{string.Join(Environment.NewLine, readiness.Refused)}");
    });

    /// <summary>The host, not started.</summary>
    /// <exception cref="UsageException">A setting is wrong.</exception>
    public static WebApplication Build(WorkerArguments arguments)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [.. arguments.Settings] });
        if (arguments.BrokerUri is { } uri)
        {
            builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["JobRunner:Transport"] = nameof(TransportKind.RabbitMq),
                ["JobRunner:RabbitMq:Uri"] = uri,
                ["JobRunner:RabbitMq:UriFile"] = "",
            });
        }

        RefuseInMemory(builder.Configuration);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.IncludeScopes = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        // A probe every few seconds is no news.
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);

        // What keeps a worker from starting is told once, in words for whoever set it up.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.AddJobRunner(builder.Configuration);
        builder.Services.AddBuiltInJobs();
        builder.Services.AddHealthChecks().AddCheck<ReadinessCheck>("worker", tags: ["ready"]);
        builder.AddWorkerTelemetry();

        var port = Port(builder.Configuration);
        if (port is null)
        {
            builder.Services.AddSingleton<Microsoft.AspNetCore.Hosting.Server.IServer, NoServer>();
        }
        else
        {
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenAnyIP(port.Value));
        }

        var app = builder.Build();
        app.Lifetime.ApplicationStarted.Register(() => MakeRoomForJobsThatBlock(app.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Slots));
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions { Predicate = check => check.Tags.Contains("ready") });
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    /// <summary>
    /// Heartbeats and leases run on the thread pool, too, which grows by one or two threads a second when all are blocked: with a few
    /// dozen jobs that block theirs, the worker would fall silent for longer than its lease.
    /// </summary>
    private static void MakeRoomForJobsThatBlock(int slots)
    {
        ThreadPool.GetMinThreads(out var threads, out var ports);
        ThreadPool.SetMinThreads(Math.Max(threads, slots + ThreadsOfTheWorker), ports);
    }

    private static void RefuseInMemory(ConfigurationManager configuration)
    {
        if (configuration.GetSection(TransportOptions.Section).GetValue(nameof(TransportOptions.Transport), TransportKind.InMemory) == TransportKind.InMemory)
        {
            throw new UsageException(
                "a worker on the InMemory transport has no way in: set JobRunner__Transport=RabbitMq and JobRunner__RabbitMq__Uri, "
                + "or pass --broker amqp://user:password@host:5672/vhost. To run a file without a broker: jobrunner run FILE");
        }
    }

    private static int? Port(ConfigurationManager configuration)
    {
        var text = configuration[$"{HttpOptions.Section}:{nameof(HttpOptions.Port)}"];
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535
            ? port
            : throw new UsageException($"JobRunner__Http__Port is \"{text}\"; it must be a port from 1 to 65535");
    }

    /// <summary>
    /// A broker that says no will say no again: that ends the process. One that is not there may come: the worker waits
    /// for it and says so.
    /// </summary>
    private static async Task RequireBrokerAsync(IServiceProvider services, CancellationToken cancellation)
    {
        RabbitMqOptions options;
        try
        {
            options = services.GetRequiredService<IOptions<RabbitMqOptions>>().Value;
        }
        catch (Exception error) when (error is OptionsValidationException or InvalidOperationException)
        {
            // Said better by the validation of all settings at start.
            return;
        }

        if (options.Patience > TimeSpan.Zero)
        {
            // The host asks again and again.
            return;
        }

        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await BrokerConnection.OpenAsync(new BrokerAddress(options), "jobrunner worker (check)", cancellation);
                return;
            }
            catch (SchedulerBusException error) when (BrokerFaults.IsRefusal(error) || (BrokerFaults.IsTls(error) && attempt == TlsAttempts))
            {
                throw new UsageException(error.Message);
            }
            catch (SchedulerBusException error) when (BrokerFaults.IsTls(error))
            {
                // Certificates may be in the middle of being renewed.
                await Task.Delay(BetweenTlsAttempts, TimeProvider.System, cancellation);
            }
            catch (SchedulerBusException error)
            {
                BrokerLog.NotThereYet(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(WorkerHost)), error.Message);
                return;
            }
        }
    }
}
