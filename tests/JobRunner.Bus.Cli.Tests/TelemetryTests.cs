using JobRunner.Bus.Hosting;
using JobRunner.Bus.TestKit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace JobRunner.Bus.Cli.Tests;

public sealed class TelemetryTests
{
    [Fact]
    public async Task The_span_of_an_http_request_tells_its_server_and_not_its_path_which_may_be_a_secret()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var server = await StubRequestManager.StartAsync();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(collector.Settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)));
        builder.Services.AddSingleton<WorkerName>();
        builder.AddWorkerTelemetry();
        using var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient();

        using var answer = await http.GetAsync(new Uri($"{server.BaseUrl}/services/T0/hush?token=hush"), TestContext.Current.CancellationToken);

        await Eventually.HoldsAsync("its span is exported", () => collector.Spans.Any(span => span["url.full"].StartsWith(server.BaseUrl, StringComparison.Ordinal)));
        var span = Assert.Single(collector.Spans, span => span["url.full"].StartsWith(server.BaseUrl, StringComparison.Ordinal));
        Assert.Equal(("GET", $"{server.BaseUrl.TrimEnd('/')}/"), (span.Name, span["url.full"]));
        Assert.DoesNotContain(span.Attributes.Values, value => value.Contains("hush", StringComparison.Ordinal));
        await host.StopAsync(TestContext.Current.CancellationToken);
    }
}
