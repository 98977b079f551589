using JobRunner.Bus.Client;
using JobRunner.Bus.Hosting;
using OpenTelemetry;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace JobRunner.Bus.Cli.Hosting;

/// <summary>
/// Traces of what the program sends as a scheduler, over OTLP where OpenTelemetry's own environment variables name an endpoint.
/// </summary>
internal static class SchedulerTelemetry
{
    /// <summary>Exports until it is disposed of, which sends what is left; <see langword="null"/> when there is no endpoint.</summary>
    public static IDisposable? Start() => WorkerTelemetry.Exports(Environment.GetEnvironmentVariable, "TRACES")
        ? Sdk.CreateTracerProviderBuilder()
            .ConfigureResource(resource => resource
                .AddService("jobrunner", serviceVersion: typeof(SchedulerTelemetry).Assembly.GetName().Version?.ToString(3))
                // Last, so that OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win.
                .AddEnvironmentVariableDetector())
            .AddSource(ClientTraces.SourceName)
            .AddOtlpExporter()
            .Build()
        : null;
}
