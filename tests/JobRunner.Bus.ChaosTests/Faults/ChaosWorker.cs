using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>A place for a worker: a link to the broker, and the process that uses it now. One fault at a time.</summary>
public sealed class ChaosWorker : IAsyncDisposable
{
    private readonly Uri _broker;
    private readonly IReadOnlyDictionary<string, string> _settings;

    private ChaosWorker(Uri broker, TcpProxy link, IReadOnlyDictionary<string, string> settings) => (_broker, Link, _settings) = (broker, link, settings);

    public TcpProxy Link { get; }

    public WorkerProcess Process { get; private set; } = null!;

    /// <summary>Whether a fault has hold of it.</summary>
    public bool IsBusy { get; set; }

    /// <summary>What its processes wrote, those that are gone too.</summary>
    public string Output => string.Join("\n---\n", [.. _outputs, Process.Output]);

    private readonly List<string> _outputs = [];

    public static async Task<ChaosWorker> StartAsync(Uri broker, IReadOnlyDictionary<string, string> settings)
    {
        ArgumentNullException.ThrowIfNull(broker);
        var worker = new ChaosWorker(broker, TcpProxy.Start(broker.Port), settings);
        await worker.StartAgainAsync();
        return worker;
    }

    /// <summary>Starts the next process, on the link as it is.</summary>
    public async Task StartAgainAsync()
    {
        if (Process is not null)
        {
            _outputs.Add(Process.Output);
            await Process.DisposeAsync();
        }

        Process = await WorkerProcess.StartAsync(new UriBuilder(_broker) { Port = Link.Port }.Uri, _settings, TimeSpan.FromMinutes(2));
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        await Link.DisposeAsync();
    }
}
