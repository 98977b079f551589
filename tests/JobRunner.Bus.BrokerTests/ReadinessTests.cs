using System.Net;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>A worker that takes no work says so, and why: to probes, to Prometheus, and by an alert.</summary>
public sealed class ReadinessTests
{
    [Theory]
    [InlineData("jobrunner")]
    [InlineData("JobRunner.Bus.ChaosWorker")]
    public async Task A_broker_that_is_killed_makes_a_worker_not_ready_with_the_reason_until_it_is_back(string host)
    {
        await using var node = await RabbitMqNode.StartAsync();
        var port = RabbitMqNode.FreePort();
        await using var worker = await WorkerProcess.StartAsync(
            node.UriOf("/"),
            new Dictionary<string, string>
            {
                ["JobRunner__Http__Port"] = $"{port}",
                ["JobRunner__Worker__Lease"] = "3s",
                ["JobRunner__RequestManager__BaseUrl"] = "http://127.0.0.1:1/",
            },
            program: host);
        await using var prometheus = await PrometheusServer.StartAsync(port);
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        await Eventually.HoldsAsync("it is ready", async () => (await ReadyAsync(http)).Status == HttpStatusCode.OK);
        await RabbitMqNode.StreamsOutliveAKillAsync();

        await node.KillAsync();

        await Eventually.HoldsAsync(
            () => $"it is not ready: {worker.Output}",
            async () => await ReadyAsync(http) is (HttpStatusCode.ServiceUnavailable, var why) && why.Contains("broker", StringComparison.OrdinalIgnoreCase),
            TimeSpan.FromSeconds(30));
        await Eventually.HoldsAsync("the metric says so", async () => (await MetricsAsync(http)).Any(line => line.StartsWith("jobrunner_ready", StringComparison.Ordinal) && line.Split(' ')[1] == "0"));
        await Eventually.HoldsAsync("the alert is on its way", async () => (await prometheus.AlertsAsync()).Contains("JobRunnerNoWorker"));
        Assert.Equal("Healthy", await http.GetStringAsync(new Uri("/health/live", UriKind.Relative)));
        Assert.DoesNotContain("fail:", worker.Output);

        await node.StartServerAsync();

        await Eventually.HoldsAsync(() => $"it is ready again: {worker.Output}", async () => (await ReadyAsync(http)).Status == HttpStatusCode.OK, TimeSpan.FromMinutes(1));
        await Eventually.HoldsAsync(
            () => $"it says so: {worker.Output}",
            () => worker.Output.Contains("[1214]", StringComparison.Ordinal) && worker.Output.Contains("[1220]", StringComparison.Ordinal), TimeSpan.FromMinutes(1));
        AssertEachChangeIsToldOnce(worker.Output);
    }

    /// <summary>However often the worker tried to connect meanwhile: no reason twice, and nothing of MassTransit's own.</summary>
    private static void AssertEachChangeIsToldOnce(string output)
    {
        var troubles = output.Split('\n').Where(line => line.Contains(" warn: ", StringComparison.Ordinal) || line.Contains(" fail: ", StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..]).ToList();
        var told = string.Join('\n', troubles);
        Assert.True(troubles.Distinct().Count() == troubles.Count, told);
        Assert.Equal(2, told.Split("[1204]").Length);
        Assert.False(told.Contains(": MassTransit", StringComparison.Ordinal), told);
    }

    private static async Task<(HttpStatusCode Status, string Text)> ReadyAsync(HttpClient http)
    {
        using var answer = await http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<string[]> MetricsAsync(HttpClient http) =>
        (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative))).Split('\n');
}
