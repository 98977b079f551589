using System.Text;
using JobRunner.Bus.TestKit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Dashboard.Tests;

/// <summary>A process <c>jobrunner dashboard --allow-actions</c>.</summary>
internal sealed class ActingDashboard : IAsyncDisposable
{
    private readonly WorkerProcess _process;

    private ActingDashboard(WorkerProcess process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>What it wrote, its log.</summary>
    public string Output => _process.Output;

    public static async Task<ActingDashboard> StartAsync(Uri broker)
    {
        var address = new Uri($"http://127.0.0.1:{RabbitMqNode.FreePort()}/");
        var process = WorkerProcess.Start(["dashboard", "--allow-actions", "--broker", broker.ToString(), "--port", $"{address.Port}"], new Dictionary<string, string>());
        await Eventually.HoldsAsync(() => $"the dashboard is served: {process.Output}", () => process.Output.Contains("The dashboard of", StringComparison.Ordinal));
        return new ActingDashboard(process, address);
    }

    /// <summary>Puts a message into an error queue, as if it had failed.</summary>
    public static ValueTask PutAsync(IChannel channel, string queue, string reason, string body) => channel.BasicPublishAsync(
        "",
        $"{queue}_error",
        mandatory: true,
        new BasicProperties
        {
            ContentType = "application/json",
            DeliveryMode = DeliveryModes.Persistent,
            MessageId = $"{Guid.NewGuid()}",
            Headers = new Dictionary<string, object?> { ["MT-Fault-Message"] = reason, ["MT-Fault-Timestamp"] = "2026-01-02T12:00:00Z" },
        },
        Encoding.UTF8.GetBytes(body));

    /// <summary>A command of a job that does nothing.</summary>
    public static string Noop(string request, string job) => $$"""{"requestId":"{{request}}","job":{"id":"{{job}}","type":"noop"} }""";

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
