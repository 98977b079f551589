using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Scale;

/// <summary>Reads what processes have used, from <c>/proc</c>.</summary>
internal sealed class Meter : IDisposable
{
    // What /proc/stat counts in, on every Linux that .NET runs on.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    private readonly List<Process> _brokers = [];
    private readonly Process _self = Process.GetCurrentProcess();

    /// <summary>A meter of these brokers.</summary>
    public static async Task<Meter> OfAsync(IEnumerable<RabbitMqNode> nodes)
    {
        var meter = new Meter();
        foreach (var node in nodes)
        {
            JsonNode? told = null;
            await Eventually.HoldsAsync("the broker tells its process", async () =>
            {
                var all = await node.Management.GetFromJsonAsync<JsonArray>("nodes");
                told = all!.Single(one => (string?)one!["name"] == node.Name)!["os_pid"];
                return told is not null;
            });
            meter._brokers.Add(Process.GetProcessById(int.Parse((string)told!, CultureInfo.InvariantCulture)));
        }

        return meter;
    }

    public Reading Read(IEnumerable<Child> workers)
    {
        var brokers = TimeSpan.Zero;
        var written = 0L;
        foreach (var broker in _brokers)
        {
            broker.Refresh();
            brokers += broker.TotalProcessorTime;
            written += Field($"/proc/{broker.Id}/io", "write_bytes:");
        }

        _self.Refresh();
        return new Reading(
            Stopwatch.GetTimestamp(), brokers, workers.Aggregate(TimeSpan.Zero, (sum, worker) => sum + worker.CpuTime), _self.TotalProcessorTime, Machine(), written);
    }

    /// <summary>Most memory that the brokers have had, each at its own time; bytes.</summary>
    public long PeakBytes() => _brokers.Sum(broker => PeakBytes(broker.Id));

    /// <summary>Most memory a process has had; bytes.</summary>
    public static long PeakBytes(int process) => Field($"/proc/{process}/status", "VmHWM:") * 1024;

    private static long Field(string file, string name) => long.Parse(
        File.ReadLines(file).Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1],
        CultureInfo.InvariantCulture);

    private static TimeSpan Machine()
    {
        // user, nice, system, idle, iowait, irq, softirq
        var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..8]
            .Select(one => long.Parse(one, CultureInfo.InvariantCulture)).ToList();
        return Tick * (ticks.Sum() - ticks[3] - ticks[4]);
    }

    public void Dispose()
    {
        foreach (var broker in _brokers)
        {
            broker.Dispose();
        }

        _self.Dispose();
    }
}
