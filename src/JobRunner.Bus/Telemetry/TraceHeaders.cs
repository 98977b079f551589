using System.Diagnostics;
using System.Globalization;
using System.Text;
using MassTransit;

namespace JobRunner.Bus.Telemetry;

/// <summary>
/// Carries traces over the wire: the headers of W3C Trace Context, which any AMQP client can write. A worker that exports
/// no traces passes on what it got.
/// </summary>
internal static class TraceHeaders
{
    /// <summary>Header with trace id, parent span id and flags.</summary>
    public const string Parent = "traceparent";

    /// <summary>Header with what tracing systems add.</summary>
    public const string State = "tracestate";

    // What a sender on MassTransit writes.
    private const string MassTransitParent = "MT-Activity-Id";

    /// <summary>The trace a message belongs to; the default when it says none, or nothing that makes sense.</summary>
    public static ActivityContext Extract(Headers transport, Headers? envelope = null)
    {
        var parent = Text(transport, envelope, Parent) ?? Text(transport, envelope, MassTransitParent);
        return ActivityContext.TryParse(parent, Text(transport, envelope, State), isRemote: true, out var context) ? context : default;
    }

    /// <summary>The same from the headers of an AMQP message.</summary>
    public static ActivityContext Extract(IDictionary<string, object?>? headers)
    {
        var parent = Text(headers, Parent) ?? Text(headers, MassTransitParent);
        return ActivityContext.TryParse(parent, Text(headers, State), isRemote: true, out var context) ? context : default;
    }

    /// <summary>Writes a trace into headers of an AMQP message; nothing for none.</summary>
    public static void Inject(IDictionary<string, object?> headers, ActivityContext trace)
    {
        if (trace == default)
        {
            return;
        }

        headers[Parent] = string.Create(CultureInfo.InvariantCulture, $"00-{trace.TraceId}-{trace.SpanId}-{(int)trace.TraceFlags:x2}");
        if (!string.IsNullOrEmpty(trace.TraceState))
        {
            headers[State] = trace.TraceState;
        }
    }

    /// <summary>Writes the trace of what runs now into headers of an AMQP message.</summary>
    public static void Inject(IDictionary<string, object?> headers)
    {
        if (Current() is var (parent, state))
        {
            headers[Parent] = parent;
            if (!string.IsNullOrEmpty(state))
            {
                headers[State] = state;
            }
        }
    }

    /// <summary>Writes a trace into headers of a message of the bus; nothing for none.</summary>
    public static void Inject(SendHeaders headers, ActivityContext trace)
    {
        var written = new Dictionary<string, object?>();
        Inject(written, trace);
        foreach (var (name, value) in written)
        {
            headers.Set(name, (string?)value);
        }
    }

    /// <summary>Writes the trace of what runs now into headers of a message of the bus.</summary>
    public static void Inject(SendHeaders headers)
    {
        if (Current() is var (parent, state))
        {
            headers.Set(Parent, parent);
            if (!string.IsNullOrEmpty(state))
            {
                headers.Set(State, state);
            }
        }
    }

    /// <summary>The trace of what runs now; the default for none.</summary>
    public static ActivityContext CurrentContext() =>
        Current() is var (parent, state) && ActivityContext.TryParse(parent, state, out var context) ? context : default;

    private static (string Parent, string? State)? Current() => Activity.Current switch
    {
        // A span that nobody keeps: what comes next is a child of the one before it.
        { OperationName: MessageSpans.PassedOn, ParentId: { } parent } passed => (parent, passed.TraceStateString),
        { IdFormat: ActivityIdFormat.W3C, Id: { } id } span => (id, span.TraceStateString),
        _ => null,
    };

    private static string? Text(Headers transport, Headers? envelope, string name) => Text(transport, name) ?? (envelope is null ? null : Text(envelope, name));

    private static string? Text(Headers headers, string name) => headers.TryGetHeader(name, out var value) ? Text(value) : null;

    private static string? Text(IDictionary<string, object?>? headers, string name) =>
        headers is not null && headers.TryGetValue(name, out var value) ? Text(value) : null;

    private static string? Text(object? value) => value switch
    {
        string text => text,
        byte[] bytes => Encoding.ASCII.GetString(bytes),
        _ => null,
    };
}
