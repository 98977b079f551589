using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using JobRunner.Bus.TestKit;

namespace JobRunner.Bus.BrokerTests;

/// <summary>The dashboard and the alerts, against workers under load and a real Prometheus.</summary>
public sealed partial class DashboardTests(Broker broker)
{
    [Fact]
    public async Task Every_query_answers_with_data_and_what_goes_wrong_raises_its_alert()
    {
        var ports = new[] { RabbitMqNode.FreePort(), RabbitMqNode.FreePort() };
        await using var stage = await Stage.SetAsync(broker, Settings(ports[0]));
        await stage.AddWorkerAsync(Settings(ports[1]));
        await using var prometheus = await PrometheusServer.StartAsync(ports);
        using var ended = new CancellationTokenSource();
        var load = LoadAsync(stage, ended.Token);

        var queries = Queries();
        Assert.True(queries.Count >= 20, $"{queries.Count} queries");
        var unanswered = queries;
        try
        {
            await Eventually.HoldsAsync("every query of the dashboard answers with data", async () =>
                (unanswered = await WithoutDataAsync(prometheus, unanswered)).Count == 0, TimeSpan.FromSeconds(90));
        }
        catch (TimeoutException error)
        {
            throw new TimeoutException($"without data: {string.Join("\n", unanswered)}", error);
        }

        await Eventually.HoldsAsync("a refused command raises its alert", async () =>
            (await prometheus.AlertsAsync()).Contains("JobRunnerCommandsInErrorQueue"));
        await ended.CancelAsync();
        await load;

        var rules = await prometheus.RulesAsync();
        Assert.True(rules.Count >= 10, $"{rules.Count} rules");
        Assert.All(rules, rule => Assert.Equal("ok", rule.Health));
        foreach (var metric in rules.SelectMany(rule => MetricsOf(rule.Expression)).Distinct())
        {
            Assert.True((await prometheus.QueryAsync($"count({metric})")).Count == 1, $"{metric} is in an alert, but no worker tells it");
        }
    }

    [Fact]
    public async Task The_runbook_says_of_each_alert_what_to_do()
    {
        var alerts = AlertName().Matches(await ReadAsync("infra/prometheus/alerts.yml")).Select(match => match.Groups[1].Value).ToList();
        var runbook = await ReadAsync("docs/operations.md");

        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains($"\n### {alert}\n", runbook));
    }

    private static Dictionary<string, string> Settings(int port) => new()
    {
        ["JobRunner__Http__Port"] = $"{port}",
        ["JobRunner__RequestManager__Attempts"] = "1",
    };

    // Tries that succeed, fail, wait, and are stopped; a command that is refused.
    private static async Task LoadAsync(Stage stage, CancellationToken ended)
    {
        var naps = Convert.ToBase64String("""{"duration":600000000000}"""u8);
        var fails = Convert.ToBase64String("""{"cmd":"/bin/false"}"""u8);
        using var rate = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var round = 0; !ended.IsCancellationRequested; round++)
        {
            var request = Stage.NewRequestId();
            var now = DateTimeOffset.UtcNow.ToString("O", CultureInfo.InvariantCulture);
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","sentAt":"{{now}}","job":{"id":"noop","type":"noop"} }""");
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","sentAt":"{{now}}","job":{"id":"fail","type":"shell-command","bytes":"{{fails}}","retry":1,"retryWait":"2s"} }""");
            await stage.Client.SendAsync("run-job", $$"""{"requestId":"{{request}}","sentAt":"{{now}}","job":{"id":"naps","type":"sleep","bytes":"{{naps}}"} }""");
            await stage.Client.SendAsync("stop-job", $$"""{"requestId":"{{request}}","jobId":"naps"}""");
            if (round == 0)
            {
                await stage.Client.SendAsync("run-job", "no JSON");
            }

            if (round % 20 == 0)
            {
                // A log that is redelivered.
                stage.RequestManager.Answer([.. Enumerable.Repeat(StubAnswer.Error(500, "Error 1213: Deadlock found"), 5)]);
            }

            await rate.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private static async Task<List<string>> WithoutDataAsync(PrometheusServer prometheus, List<string> queries)
    {
        List<string> without = [];
        foreach (var query in queries)
        {
            var series = await prometheus.QueryAsync(query);
            if (series.Count == 0 || series.Any(one => (string)one!["value"]![1]! is "NaN" or "+Inf"))
            {
                without.Add(query);
            }
        }

        return without;
    }

    private static List<string> Queries() => [.. JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "infra/grafana/jobrunner.json")))!["panels"]!.AsArray()
        .SelectMany(panel => panel!["targets"]!.AsArray())
        .Select(target => ((string)target!["expr"]!).Replace("$__rate_interval", "30s", StringComparison.Ordinal))];

    /// <summary>The names of metrics in a query: ours, outside of label matchers and label lists.</summary>
    private static IEnumerable<string> MetricsOf(string query) => MetricName().Matches(Labels().Replace(query, " ")).Select(match => match.Value);

    private static Task<string> ReadAsync(string file) => File.ReadAllTextAsync(Path.Combine(Repository.Root, file));

    [GeneratedRegex(@"\{[^}]*\}|\bby\s*\([^)]*\)")]
    private static partial Regex Labels();

    [GeneratedRegex(@"\bjobrunner_\w+")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex AlertName();
}
