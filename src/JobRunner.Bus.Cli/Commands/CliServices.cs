using JobRunner.Bus.Cli.Broker;
using JobRunner.Bus.Cli.Rendering;
using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Hosting;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>
/// What the commands stand on. A delegate that cannot do its work throws <see cref="CommandException"/> (exit code 1) or
/// <see cref="UsageException"/> (exit code 2).
/// </summary>
internal sealed record CliServices
{
    /// <summary>Where the program writes.</summary>
    public required Screen Screen { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Reads an environment variable.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Opens standard input.</summary>
    public Func<Stream> OpenStandardInput { get; init; } = Console.OpenStandardInput;

    /// <summary>Makes the token that Ctrl-C and SIGTERM cancel.</summary>
    public Func<IInterrupts> ListenForInterrupts { get; init; } = () => new ConsoleInterrupts();

    /// <summary>Begins to export traces of what is sent, where somebody wants them; disposing of it sends what is left.</summary>
    public Func<IDisposable?> ExportTraces { get; init; } = () => null;

    /// <summary>Runs a worker until it is told to end; gives the exit code. Handles signals itself.</summary>
    public required Func<WorkerArguments, CancellationToken, Task<int>> RunWorker { get; init; }

    /// <summary>Serves the dashboard of a broker until it is told to end; gives the exit code.</summary>
    public required Func<DashboardArguments, CancellationToken, Task<int>> RunDashboard { get; init; }

    /// <summary>Starts an embedded bus and worker for <c>run</c>; disposing of it ends them.</summary>
    public required Func<EmbeddedBusArguments, CancellationToken, Task<IEmbeddedBus>> OpenEmbeddedBus { get; init; }

    /// <summary>Job id → highest try number in the local store, for a request run before.</summary>
    public required Func<string, CancellationToken, Task<IReadOnlyDictionary<string, long>>> ReadHighestTries { get; init; }

    /// <summary>The job logs of a request, from the local store or the Request Manager.</summary>
    public required Func<string, CancellationToken, Task<IReadOnlyList<JobLogRecorded>>> ReadLogs { get; init; }

    /// <summary>Whether the settings name a Request Manager, which has the logs of all machines.</summary>
    public Func<bool> HasRequestManager { get; init; } = () => false;

    /// <summary>Connects a scheduler to a broker.</summary>
    public Func<BrokerAddress, IReadOnlyList<string>, CancellationToken, Task<ISchedulerBus>> OpenBrokerBus
    {
        get => field ?? ((address, requestIds, cancellation) => ClientSchedulerBus.OpenAsync(address, requestIds, Screen.Error, cancellation));
        init;
    }

    /// <summary>Connects to the workers of a broker.</summary>
    public Func<BrokerAddress, CancellationToken, Task<IBrokerControl>> OpenBrokerControl { get; init; } =
        (address, cancellation) => ClientControl.OpenAsync(address, cancellation);

    /// <summary>What a broker is short of; <see langword="null"/> when it takes messages.</summary>
    public Func<BrokerAddress, CancellationToken, Task<string?>> LookForAlarm { get; init; } = AlarmProbe.FindAsync;

    /// <summary>How many messages are ready in queues; <see langword="null"/> for a queue that is not there.</summary>
    public Func<BrokerAddress, IReadOnlyList<string>, CancellationToken, Task<IReadOnlyDictionary<string, long?>>> CountMessages { get; init; } = QueueCounts.OfAsync;

    /// <summary>Connects an operator to a broker.</summary>
    public Func<BrokerAddress, CancellationToken, Task<IRepairBroker>> OpenRepairBroker { get; init; } =
        (address, cancellation) => RepairBroker.OpenAsync(address, TimeProvider.System, cancellation);

    /// <summary>Opens what tells which logs were delivered; the Request Manager's address may be given, else the settings decide.</summary>
    public required Func<string?, IStoredTries> OpenStoredTries { get; init; }

    /// <summary>Tells the person at the keyboard what they should know, beside what a command gives out.</summary>
    public void Warn(string text) => Screen.Error.WriteLine($"jobrunner: {text}");
}
