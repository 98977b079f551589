using System.Diagnostics;

namespace JobRunner.Bus.Client;

/// <summary>Traces of what a scheduler sends, for OpenTelemetry or any other listener to <see cref="SourceName"/>. Costs nothing without one.</summary>
public static class ClientTraces
{
    /// <summary>Name of the activity source, to subscribe to.</summary>
    public const string SourceName = "JobRunner.Bus.Client";

    private static readonly ActivitySource Source = new(SourceName, typeof(ClientTraces).Assembly.GetName().Version?.ToString(3));

    /// <summary>Publishes a message within a span of its own: a child of what runs now, else the beginning of a trace.</summary>
    internal static async Task<T> PublishAsync<T>(string exchange, string requestId, string? jobId, Func<Task<T>> publish)
    {
        using var span = Source
            .CreateActivity($"publish {exchange}", ActivityKind.Producer)?
            .SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.operation.name", "publish")
            .SetTag("messaging.operation.type", "send")
            .SetTag("messaging.destination.name", exchange)
            .SetTag("jobrunner.request.id", requestId)
            .SetTag("jobrunner.job.id", jobId)
            .Start();
        try
        {
            return await publish();
        }
        catch (Exception error)
        {
            // What it says may be nobody else's business.
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", error.GetType().FullName);
            throw;
        }
    }

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
}
