using System.Globalization;
using System.Text.RegularExpressions;
using JobRunner.Bus.ChaosTests.History;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.ChaosTests.Faults;

/// <summary>A place for a worker: a link to the broker, and the process that uses it now. One fault at a time.</summary>
public sealed partial class WorkerPlace : IAsyncDisposable
{
    private readonly Uri _broker;
    private readonly IReadOnlyDictionary<string, string> _settings;
    private readonly Recording _history;
    private readonly int _place;
    private readonly ChaosSettings _chaos;
    private int _generation;

    private WorkerPlace(int place, Uri broker, TcpProxy link, IReadOnlyDictionary<string, string> settings, Recording history, ChaosSettings chaos)
    {
        (_place, _broker, Link, _settings, _history, _chaos) = (place, broker, link, settings, history, chaos);
        SetClock(TimeSpan.Zero);
    }

    public TcpProxy Link { get; }

    public WorkerProcess Process { get; private set; } = null!;

    /// <summary>The process' name in the history: its place, and how many were there.</summary>
    public string Name => string.Create(CultureInfo.InvariantCulture, $"w{_place}.{_generation}");

    private string Clock => Path.Combine(_chaos.WorkerLogs, string.Create(CultureInfo.InvariantCulture, $"w{_place}.clock"));

    /// <summary>Sets its wall clock, and that of the processes after it: so far off.</summary>
    public void SetClock(TimeSpan off)
    {
        // A reader finds the old or the new, never half of it.
        File.WriteAllText(Clock + ".new", off.TotalSeconds.ToString(CultureInfo.InvariantCulture));
        File.Move(Clock + ".new", Clock, overwrite: true);
    }

    /// <summary>Whether a fault has hold of it.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Starts the first process. What each of them wrote goes into the folder of the workers' logs when it has ended.</summary>
    public static async Task<WorkerPlace> StartAsync(int place, Uri broker, IReadOnlyDictionary<string, string> settings, Recording history, ChaosSettings chaos)
    {
        ArgumentNullException.ThrowIfNull(broker);
        var worker = new WorkerPlace(place, broker, TcpProxy.Start(broker.Port), settings, history, chaos);
        await worker.StartAgainAsync();
        return worker;
    }

    /// <summary>Starts the next process, on the link as it is, and waits until it takes work.</summary>
    public async Task StartAgainAsync()
    {
        if (Process is not null)
        {
            await EndAsync();
        }

        _generation++;
        var settings = new Dictionary<string, string>(_settings) { ["CHAOS_WORKER"] = Name, ["CHAOS_CLOCK"] = Clock };
        Process = await WorkerProcess.StartAsync(
            new UriBuilder(_broker) { Port = Link.Port }.Uri, settings, TimeSpan.FromMinutes(2), _chaos.Program(_generation));
    }

    private async Task EndAsync()
    {
        await Process.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(_chaos.WorkerLogs, Name + ".log"), Process.Output);
        foreach (Match said in Abandoned().Matches(Process.Output))
        {
            _history.Add(new RunsAbandoned(
                DateTimeOffset.Parse(said.Groups[1].Value, CultureInfo.InvariantCulture), Name, int.Parse(said.Groups[2].Value, CultureInfo.InvariantCulture)));
        }
    }

    [GeneratedRegex(@"^(\S+Z) .*\[1126\].*?(\d+) runs", RegexOptions.Multiline)]
    private static partial Regex Abandoned();

    /// <summary>Ends the process, and notes what it said of runs abandoned.</summary>
    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        await Link.DisposeAsync();
    }
}
