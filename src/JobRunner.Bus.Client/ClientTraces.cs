using System.Diagnostics;

namespace JobRunner.Bus.Client;

/// <summary>Traces of what a scheduler sends, for OpenTelemetry or any other listener to <see cref="SourceName"/>. Costs nothing without one.</summary>
public static class ClientTraces
{
    /// <summary>Name of the activity source, to subscribe to.</summary>
    public const string SourceName = "JobRunner.Bus.Client";

    private static readonly ActivitySource Source = new(SourceName, typeof(ClientTraces).Assembly.GetName().Version?.ToString(3));

    /// <summary>Begins to publish a message; a child of what runs now, else the beginning of a trace. None when nobody listens.</summary>
    internal static Activity? Publish(string exchange, string requestId, string? jobId) => Source
        .CreateActivity($"publish {exchange}", ActivityKind.Producer)?
        .SetTag("messaging.system", "rabbitmq")
        .SetTag("messaging.operation.name", "publish")
        .SetTag("messaging.operation.type", "send")
        .SetTag("messaging.destination.name", exchange)
        .SetTag("jobrunner.request.id", requestId)
        .SetTag("jobrunner.job.id", jobId)
        .Start();

    /// <summary>The headers of W3C Trace Context that say what runs now; <see langword="null"/> for nothing.</summary>
    internal static Dictionary<string, object?>? Headers()
    {
        if (Activity.Current is not { IdFormat: ActivityIdFormat.W3C, Id: { } id } span)
        {
            return null;
        }

        Dictionary<string, object?> headers = new() { ["traceparent"] = id };
        if (!string.IsNullOrEmpty(span.TraceStateString))
        {
            headers["tracestate"] = span.TraceStateString;
        }

        return headers;
    }

    /// <summary>Says by what kind of error a span ended.</summary>
    internal static void Failed(this Activity? span, Exception error) =>
        span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", error.GetType().FullName);
}
