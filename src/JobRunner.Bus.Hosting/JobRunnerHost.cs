using JobRunner.Bus.Jobs;
using JobRunner.Bus.Settings;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Hosting;

/// <summary>Makes a host a worker, with all that the program <c>jobrunner worker</c> has.</summary>
public static class JobRunnerHost
{
    private const int ThreadsOfTheWorker = 16;

    private const string Receive = "MassTransit.ReceiveTransport";

    /// <summary>
    /// Adds a worker, set up by section <c>JobRunner</c> of the configuration, with health (<c>/health/live</c>, <c>/health/ready</c>) and
    /// metrics (<c>/metrics</c>) on a port of its own (<see cref="HttpOptions"/>), OpenTelemetry export where its variables name an
    /// endpoint, and log lines that carry their ids. Job types are added with <c>AddJob&lt;T&gt;("type")</c>, those of the program with
    /// <c>AddBuiltInJobs()</c>. Run the host with <see cref="RunJobRunnerAsync"/>.
    /// </summary>
    /// <param name="builder">The host's builder: of a generic host or of a web application.</param>
    /// <param name="configureBus">Adds consumers of the host's own to the bus.</param>
    public static TBuilder AddJobRunnerHost<TBuilder>(this TBuilder builder, Action<IBusRegistrationConfigurator>? configureBus = null)
        where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.IncludeScopes = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });

        // What keeps a worker from starting, or ends it, is told once, in words for whoever set it up.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);

        // MassTransit tells of each attempt to connect and to declare, with a stack trace; the worker tells once that the broker is away.
        if (IsUnset("MassTransit"))
        {
            builder.Logging.AddFilter("MassTransit", LogLevel.Critical);
            if (IsUnset(Receive))
            {
                // What a consumer did not take in the end, which may be one of the host's own.
                builder.Logging.AddFilter(Receive, LogLevel.Error);
            }
        }

        // First to start and last to end: the pages tell of the worker's start, and of its drain.
        builder.Services.AddHostedService<WorkerPages>();
        builder.Services.AddJobRunner(builder.Configuration, configureBus);
        builder.Services.AddSettings<HttpOptions, HttpOptionsRules>(builder.Configuration, HttpOptions.Section);
        builder.Services.AddSingleton<IValidateOptions<TransportOptions>, WayInRules>();
        builder.Services.AddSingleton(new SettingsSection(BuiltInJobsOptions.Section, typeof(BuiltInJobsOptions)) { IsShared = true });
        builder.AddWorkerTelemetry();
        return builder;

        bool IsUnset(string category) => string.IsNullOrEmpty(builder.Configuration[$"Logging:LogLevel:{category}"]);
    }

    /// <summary>
    /// Runs the worker until SIGTERM or Ctrl-C, drains it, and disposes of the host; a second signal ends the process at once. What
    /// keeps it from working is written to standard error, one line for each thing to mend.
    /// </summary>
    /// <param name="host">A host with <see cref="AddJobRunnerHost"/>.</param>
    /// <param name="cancellationToken">Ends it as SIGTERM does.</param>
    /// <returns>
    /// The exit code, which is also set for a program that returns none: 0 drained; 1 ended by an error; 2 a setting is wrong, a service
    /// is missing, or the broker refuses the worker or is not as it must be (<see cref="HostExitCodes"/>).
    /// </returns>
    public static async Task<int> RunJobRunnerAsync(this IHost host, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(host);
        using var interrupts = new ConsoleInterrupts();
        var name = host.Services.GetRequiredService<IHostEnvironment>().ApplicationName;
        try
        {
            await using var ending = new HostEnding(host);
            await HostStart.RunAsync(host, interrupts.Stop);
            MakeRoomForJobsThatBlock(host.Services.GetRequiredService<IOptions<WorkerOptions>>().Value.Slots);
            await host.WaitForShutdownAsync(cancellationToken);
            HostStart.RequireGoodEnd(host.Services);
            return Environment.ExitCode = HostExitCodes.Drained;
        }
        catch (HostRefusedException error)
        {
            return Tell(HostExitCodes.Refused, error.Message);
        }
        catch (OperationCanceledException) when (interrupts.Stop.IsCancellationRequested)
        {
            // Told to end before it had begun.
            return Environment.ExitCode = HostExitCodes.Drained;
        }
        catch (Exception error)
        {
            return Tell(HostExitCodes.Failed, $"the worker ended by an error: {error.GetType().Name}: {error.Message}");
        }

        int Tell(int code, string message)
        {
            foreach (var line in message.Split('\n'))
            {
                Console.Error.WriteLine($"{name}: {line.TrimEnd()}");
            }

            return Environment.ExitCode = code;
        }
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

    private sealed class HostEnding(IHost host) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            if (host is IAsyncDisposable disposable)
            {
                return disposable.DisposeAsync();
            }

            host.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
