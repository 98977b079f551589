using System.Diagnostics;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace JobRunner.Bus.Hosting;

/// <summary>
/// Metrics for Prometheus; traces, metrics and logs over OTLP where OpenTelemetry's own environment variables name an
/// endpoint, and nothing of the kind otherwise.
/// </summary>
internal static class WorkerTelemetry
{
    private const string HttpSource = "System.Net.Http";

    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    public static void AddWorkerTelemetry(this IHostApplicationBuilder builder)
    {
        Func<string, string?> settings = name => builder.Configuration[name];
        var telemetry = builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource
                .AddService("jobrunner", serviceVersion: typeof(WorkerTelemetry).Assembly.GetName().Version?.ToString(3), autoGenerateServiceInstanceId: false)
                .AddDetector(provider => new WorkerResource(provider.GetRequiredService<WorkerName>()))
                // Last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
                .AddEnvironmentVariableDetector())
            .WithMetrics(metrics =>
            {
                metrics.AddMeter(WorkerMetrics.MeterName, "MassTransit").AddPrometheusExporter();
                if (Exports(settings, "METRICS"))
                {
                    metrics.AddOtlpExporter();
                }
            });
        if (Exports(settings, "TRACES"))
        {
            // .NET's own spans of HTTP requests; they hand the trace to whoever is asked.
            telemetry.WithTracing(traces => traces.AddSource(JobTraces.SourceName, HttpSource).AddProcessor(new ServerOnly()).AddOtlpExporter());
        }

        if (Exports(settings, "LOGS"))
        {
            telemetry.WithLogging(logs => logs.AddOtlpExporter(), options =>
            {
                options.IncludeScopes = true;
                options.IncludeFormattedMessage = true;
            });
        }
    }

    /// <summary>Whether a signal is to be exported, by OpenTelemetry's own variables.</summary>
    public static bool Exports(Func<string, string?> settings, string signal) =>
        !string.Equals(settings("OTEL_SDK_DISABLED"), "true", StringComparison.OrdinalIgnoreCase)
        && !string.Equals(settings($"OTEL_{signal}_EXPORTER"), "none", StringComparison.OrdinalIgnoreCase)
        && (!string.IsNullOrEmpty(settings(Endpoint)) || !string.IsNullOrEmpty(settings($"OTEL_EXPORTER_OTLP_{signal}_ENDPOINT")));

    private sealed class WorkerResource(WorkerName worker) : IResourceDetector
    {
        public Resource Detect() => new([KeyValuePair.Create<string, object>("service.instance.id", worker.Value)]);
    }

    /// <summary>Leaves of an address what names the server: a path can be a secret, such as that of a webhook.</summary>
    private sealed class ServerOnly : BaseProcessor<Activity>
    {
        private const string Address = "url.full";

        public override void OnEnd(Activity data)
        {
            if (data.Source.Name == HttpSource && data.GetTagItem(Address) is string address)
            {
                data.SetTag(Address, Uri.TryCreate(address, UriKind.Absolute, out var url) ? $"{url.Scheme}://{url.Authority}/" : null);
            }
        }
    }
}
