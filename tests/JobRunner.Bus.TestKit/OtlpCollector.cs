using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.TestKit;

/// <summary>An OpenTelemetry collector on a loopback port: takes OTLP over HTTP and keeps the spans.</summary>
public sealed class OtlpCollector : IAsyncDisposable
{
    private static readonly string[] Kinds = ["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"];

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<OtlpSpan> _spans = new();
    private readonly ConcurrentDictionary<string, int> _paths = new(StringComparer.Ordinal);

    private OtlpCollector(WebApplication app) => _app = app;

    /// <summary>Every span so far.</summary>
    public IReadOnlyList<OtlpSpan> Spans => [.. _spans];

    /// <summary>How often which path was posted to, such as <c>/v1/metrics</c>.</summary>
    public IReadOnlyDictionary<string, int> Posts => _paths;

    /// <summary>What makes a process export to it.</summary>
    public Dictionary<string, string> Settings => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = _app.Urls.Single(),
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
    };

    /// <summary>Starts one on a free port.</summary>
    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var app = builder.Build();
        var collector = new OtlpCollector(app);
        app.Run(collector.TakeAsync);
        await app.StartAsync();
        return collector;
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var path = http.Request.Path.Value!;
        _paths.AddOrUpdate(path, 1, (_, count) => count + 1);
        if (path == "/v1/traces")
        {
            Keep(new ProtobufMessage(body.ToArray()));
        }

        http.Response.ContentType = "application/x-protobuf";
    }

    // Field numbers of opentelemetry/proto/trace/v1/trace.proto.
    private void Keep(ProtobufMessage request)
    {
        foreach (var resource in request.Messages(1))
        {
            var instance = resource.Messages(1).SelectMany(Attributes).FirstOrDefault(attribute => attribute.Key == "service.instance.id").Value ?? "";
            foreach (var span in resource.Messages(2).SelectMany(scope => scope.Messages(2)))
            {
                _spans.Enqueue(new OtlpSpan(
                    span.Text(5),
                    Kinds[span.Number(6)],
                    span.Hex(1),
                    span.Hex(2),
                    span.Hex(4),
                    (long)span.Number(7),
                    (long)span.Number(8),
                    span.Messages(15).Any(status => status.Number(3) == 2),
                    span.Messages(9).Select(Attribute).ToDictionary(),
                    instance,
                    [.. span.Messages(13).Select(link => link.Hex(2))]));
            }
        }
    }

    private static IEnumerable<KeyValuePair<string, string>> Attributes(ProtobufMessage resource) => resource.Messages(1).Select(Attribute);

    private static KeyValuePair<string, string> Attribute(ProtobufMessage pair)
    {
        var value = pair.Messages(2).Single();
        return KeyValuePair.Create(pair.Text(1), value.Has(3)
            ? ((long)value.Number(3)).ToString(CultureInfo.InvariantCulture)
            : value.Has(2) ? (value.Number(2) != 0 ? "true" : "false") : value.Text(1));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
