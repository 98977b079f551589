using JobRunner.Bus.Runners.Jobs;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Hosting;

/// <summary>Starts a worker's host, and finds out whether it ended well.</summary>
internal static partial class HostStart
{
    /// <exception cref="HostRefusedException">It cannot work as it is set up.</exception>
    public static async Task RunAsync(IHost host, CancellationToken cancellationToken)
    {
        Require(host.Services);
        await BrokerKnock.RequireAsync(host.Services, cancellationToken);
        await host.StartAsync(cancellationToken);
    }

    /// <summary>Looks whether settings and services are as a worker needs them.</summary>
    /// <exception cref="HostRefusedException">They are not; all that is wrong with the settings is told at once.</exception>
    public static void Require(IServiceProvider services)
    {
        if (SettingsProblems.Of(services) is { Count: > 0 } problems)
        {
            throw new HostRefusedException(string.Join('\n', problems));
        }

        try
        {
            _ = services.GetRequiredService<IJobFactory>();
            _ = services.GetServices<IHostedService>();
        }
        catch (InvalidOperationException error)
        {
            // A service that a job, or something the host starts, asks for and nobody registered.
            throw new HostRefusedException(error.Message, error);
        }
    }

    /// <summary>A host that was not told to end stops without an exception.</summary>
    /// <exception cref="HostRefusedException">The worker ended itself, since its broker is not as it must be.</exception>
    /// <exception cref="InvalidOperationException">A background service of the host failed.</exception>
    public static void RequireGoodEnd(IServiceProvider services)
    {
        if (services.GetRequiredService<WorkerReadiness>().Refused is { Count: > 0 } refused)
        {
            throw new HostRefusedException($"the worker cannot work with its broker:\n{string.Join('\n', refused)}");
        }

        foreach (var service in services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            if (service.ExecuteTask is { IsFaulted: true, Exception: { } error })
            {
                ServiceFailed(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(HostStart)), service.GetType().Name, error.GetBaseException());
                throw new InvalidOperationException($"{service.GetType().Name} failed: {error.GetBaseException().Message}", error);
            }
        }
    }

    [LoggerMessage(1150, LogLevel.Critical, "{Service} failed, so the worker ended")]
    private static partial void ServiceFailed(ILogger logger, string service, Exception error);
}
