using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace JobRunner.Bus.TestKit;

/// <summary>A real Prometheus on a loopback port, with the alert rules of this repository, that scrapes every second.</summary>
public sealed class PrometheusServer : IAsyncDisposable
{
    private const string Program = "/usr/bin/prometheus";

    private readonly string _folder = Directory.CreateTempSubdirectory("jobrunner-prometheus-").FullName;
    private readonly HttpClient _http;
    private Process? _process;

    private PrometheusServer(int port) => _http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}/api/v1/") };

    /// <summary>Starts one and waits until it answers.</summary>
    /// <param name="targets">Ports of the workers to scrape.</param>
    /// <exception cref="InvalidOperationException">Prometheus is not installed.</exception>
    public static async Task<PrometheusServer> StartAsync(params int[] targets)
    {
        if (!File.Exists(Program))
        {
            throw new InvalidOperationException($"{Program} is missing: install Prometheus (infra/test.sh does)");
        }

        var port = RabbitMqNode.FreePort();
        var server = new PrometheusServer(port);
        var config = Path.Combine(server._folder, "prometheus.yml");
        await File.WriteAllTextAsync(config, string.Create(CultureInfo.InvariantCulture, $"""
            global:
              scrape_interval: 1s
              evaluation_interval: 1s
            rule_files:
              - {Path.Combine(Repository.Root, "infra/prometheus/alerts.yml")}
            scrape_configs:
              - job_name: jobrunner
                static_configs:
                  - targets: [{string.Join(", ", targets.Select(target => $"'127.0.0.1:{target}'"))}]
            """));
        var start = new ProcessStartInfo(Program,
        [
            $"--config.file={config}",
            $"--storage.tsdb.path={Path.Combine(server._folder, "data")}",
            $"--web.listen-address=127.0.0.1:{port}",
        ])
        { RedirectStandardOutput = true, RedirectStandardError = true };
        server._process = Process.Start(start)!;
        server._process.OutputDataReceived += (_, _) => { };
        server._process.ErrorDataReceived += (_, _) => { };
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        await Eventually.HoldsAsync("Prometheus answers", async () =>
        {
            try
            {
                using var answer = await server._http.GetAsync(new Uri("/-/ready", UriKind.Relative));
                return answer.IsSuccessStatusCode || server._process.HasExited;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        });
        return server;
    }

    /// <summary>What a query answers: its series, or the value of a scalar.</summary>
    public async Task<JsonArray> QueryAsync(string query) => (await GetAsync($"query?query={Uri.EscapeDataString(query)}"))["result"]!.AsArray();

    /// <summary>The alerts that are pending or fire, by name.</summary>
    public async Task<IReadOnlyList<string>> AlertsAsync() =>
        [.. (await GetAsync("alerts"))["alerts"]!.AsArray().Select(alert => (string)alert!["labels"]!["alertname"]!)];

    /// <summary>The alert rules: name, expression, and whether they could be evaluated.</summary>
    public async Task<IReadOnlyList<(string Name, string Expression, string Health)>> RulesAsync() =>
        [.. (await GetAsync("rules"))["groups"]!.AsArray().SelectMany(group => group!["rules"]!.AsArray())
            .Select(rule => ((string)rule!["name"]!, (string)rule["query"]!, (string)rule["health"]!))];

    private async Task<JsonNode> GetAsync(string what)
    {
        using var answer = await _http.GetAsync(new Uri(what, UriKind.Relative));
        var body = await answer.Content.ReadFromJsonAsync<JsonNode>();
        return answer.IsSuccessStatusCode ? body!["data"]! : throw new InvalidOperationException($"{what}: {body}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false } process)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        _process?.Dispose();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
