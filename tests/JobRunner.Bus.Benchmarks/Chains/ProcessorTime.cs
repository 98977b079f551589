using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using JobRunner.Bus.Chains.Service.Tests.Servers;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.Benchmarks.Chains;

/// <summary>Processor time that each part has used up to one moment, from <c>/proc</c>.</summary>
internal sealed record ProcessorTime(TimeSpan Instances, TimeSpan Worker, TimeSpan Broker, TimeSpan Store, TimeSpan Sender)
{
    // What /proc counts in, on every Linux that .NET runs on.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    public TimeSpan All => Instances + Worker + Broker + Store + Sender;

    public static async Task<ProcessorTime> ReadAsync(Stage stage, RabbitMqNode node, PrivateServer? server)
    {
        var nodes = await node.Management.GetFromJsonAsync<JsonArray>("nodes");
        return new ProcessorTime(
            stage.Instances.Aggregate(TimeSpan.Zero, (sum, instance) => sum + instance.CpuTime),
            stage.Worker.CpuTime,
            OfTree(int.Parse((string)nodes!.Single()!["os_pid"]!, CultureInfo.InvariantCulture)),
            server is null ? TimeSpan.Zero : OfTree(server.ProcessId),
            Environment.CpuUsage.TotalTime);
    }

    public ProcessorTime Since(ProcessorTime earlier) => new(
        Instances - earlier.Instances, Worker - earlier.Worker, Broker - earlier.Broker, Store - earlier.Store, Sender - earlier.Sender);

    // A process, those of its children that run, and those that have ended.
    private static TimeSpan OfTree(int root)
    {
        var ticks = 0L;
        foreach (var process in Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            var fields = Fields(process);
            if (fields is not null && (Path.GetFileName(process) == $"{root}" || fields[1] == $"{root}"))
            {
                ticks += fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture));
            }
        }

        return Tick * ticks;
    }

    // From the state on: the name before it may hold blanks.
    private static string[]? Fields(string process)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(process, "stat"));
            return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
