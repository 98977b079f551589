using System.Diagnostics;
using System.Text;
using JobRunner.Bus.Benchmarks.Broker;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Benchmarks.Peers;

/// <summary>
/// Celery with as many processes as there are cores, late acknowledgements, no results, no events: it publishes nothing, so the clock
/// stops when its queue is empty, up to one prefetch before the last task has ended. Its queue is a classic one, as Celery 5 makes it.
/// </summary>
internal sealed class CeleryPeer : IPeer
{
    private const string Queue = "celery";

    private readonly Child _child;
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private CeleryPeer(Child child, string version, IConnection connection, IChannel channel) =>
        (_child, Version, _connection, _channel) = (child, version, connection, channel);

    public string Name => "Celery";

    public string Version { get; }

    /// <summary>Starts it; none where it is not installed.</summary>
    public static async Task<CeleryPeer?> StartAsync(RabbitMqNode node)
    {
        using var asked = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", "import celery; print(celery.__version__)"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var version = (await asked.StandardOutput.ReadToEndAsync()).Trim();
        await asked.WaitForExitAsync();
        if (asked.ExitCode != 0)
        {
            return null;
        }

        var broker = node.UriOf(await node.NewVirtualHostAsync());
        var start = new ProcessStartInfo(
            "/usr/bin/python3",
            ["-m", "celery", "-A", "celery_tasks", "worker", "-c", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "INFO"])
        {
            WorkingDirectory = Path.Combine(AppContext.BaseDirectory, "Peers"),
        };
        start.Environment["BROKER"] = broker.ToString();
        start.Environment["PREFETCH"] = $"{Rivals.Slots}";
        start.Environment["C_FORCE_ROOT"] = "true";
        var child = await Child.StartAsync(start, " ready.");
        var connection = await new ConnectionFactory { Uri = broker, AutomaticRecoveryEnabled = false }.CreateConnectionAsync();
        var channel = await connection.CreateChannelAsync(new CreateChannelOptions(true, true, new ThrottlingRateLimiter(2048)));
        return new CeleryPeer(child, version, connection, channel);
    }

    public async Task<double> RunAsync(string request, int jobs)
    {
        await _child.PauseAsync();
        var sent = new List<Task>(1000);
        for (var number = 0; number < jobs; number++)
        {
            sent.Add(SendAsync(Load.Command(request, Load.JobId(number))));
            if (sent.Count == sent.Capacity)
            {
                await Task.WhenAll(sent);
                sent.Clear();
            }
        }

        await Task.WhenAll(sent);
        var watch = Stopwatch.StartNew();
        await _child.ContinueAsync();
        await Eventually.HoldsAsync("Celery has taken all", async () => await _channel.MessageCountAsync(Queue) == 0, TimeSpan.FromMinutes(2));
        return jobs / watch.Elapsed.TotalSeconds;
    }

    private async Task SendAsync(byte[] command)
    {
        var id = Guid.NewGuid().ToString();
        var properties = new BasicProperties
        {
            ContentType = "application/json",
            ContentEncoding = "utf-8",
            DeliveryMode = DeliveryModes.Persistent,
            CorrelationId = id,
            // Celery's message protocol 2.
            Headers = new Dictionary<string, object?> { ["lang"] = "py", ["task"] = "run-job", ["id"] = id, ["root_id"] = id, ["parent_id"] = null, ["group"] = null },
        };
        var body = Encoding.UTF8.GetBytes($$"""[[{{Encoding.UTF8.GetString(command)}}], {}, {"callbacks": null, "errbacks": null, "chain": null, "chord": null}]""");
        await _channel.BasicPublishAsync("", Queue, mandatory: true, properties, body);
    }

    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
        // In order: its processes end with it.
        await _child.TerminateAsync();
        await _child.DisposeAsync();
    }
}
