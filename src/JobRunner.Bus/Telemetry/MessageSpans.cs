using System.Diagnostics;
using JobRunner.Bus.Runners;
using MassTransit;

namespace JobRunner.Bus.Telemetry;

/// <summary>Spans of messages, named as OpenTelemetry's conventions for messaging have it.</summary>
internal static class MessageSpans
{
    /// <summary>Name of the stand-in for a span where nobody listens, so that the trace of a message is passed on.</summary>
    public const string PassedOn = "passed on";

    /// <summary>Attribute of a message that was delivered before.</summary>
    public const string Redelivered = "jobrunner.message.redelivered";

    /// <summary>Attribute of a stop: what became of it.</summary>
    public const string StopOutcomeKey = "jobrunner.stop.outcome";

    /// <summary>Begins to process a message, within the trace it belongs to.</summary>
    /// <returns><see langword="null"/> when nobody listens and the message belongs to no trace.</returns>
    public static Activity? Process(ConsumeContext context, string queue) =>
        Process(TraceHeaders.Extract(context.ReceiveContext.TransportHeaders, context.Headers), queue, context.ReceiveContext.Redelivered);

    /// <summary>Begins to process a message of this trace.</summary>
    public static Activity? Process(ActivityContext parent, string queue, bool redelivered) => Start("process", "process", parent, queue, redelivered);

    /// <summary>Goes on in the trace of a message that could not be processed.</summary>
    public static Activity? Refuse(ReceiveContext context) => Start("refuse", "settle", TraceHeaders.Extract(context.TransportHeaders), Topology.Names.RunJob, context.Redelivered);

    /// <summary>Begins to stop a run that waits, within the trace it belongs to; linked to the stop that is heard now.</summary>
    public static Activity? StopWaiting(ActivityContext trace, RunnerKey job)
    {
        var stop = Activity.Current;
        Activity.Current = null;
        return JobTraces.Source.CreateActivity("stop", ActivityKind.Internal, trace)?.Of(job.RequestId, job.JobId)?.LinkTo(stop?.Context ?? default).Start() ?? PassOn(trace);
    }

    /// <summary>Begins to stop a run that lives here, within the trace of the stop; linked to the run's own trace, and it to this.</summary>
    /// <returns><see langword="null"/> when nobody listens.</returns>
    public static Activity? Stop(ActivityContext stop, RunnerKey job, Activity? run, ActivityContext runTrace)
    {
        // Of an endless consumer: not what the stop belongs to.
        Activity.Current = null;
        if (JobTraces.Source.CreateActivity($"process {Topology.Names.StopJob}", ActivityKind.Consumer, stop) is not { } span)
        {
            return null;
        }

        span
            .SetTag("messaging.system", "rabbitmq")
            .SetTag("messaging.operation.name", "process")
            .SetTag("messaging.operation.type", "process")
            .SetTag("messaging.destination.name", Topology.Names.StopJob)
            .Of(job.RequestId, job.JobId)?
            .LinkTo(runTrace)
            .Start();
        run?.LinkTo(span.Context);
        return span;
    }

    /// <summary>Links a span to one of another trace; to none when there is none.</summary>
    public static Activity LinkTo(this Activity span, ActivityContext other) => other == default ? span : span.AddLink(new ActivityLink(other));

    /// <summary>Begins to publish a message about a job.</summary>
    public static Activity? Publish(string exchange, string requestId, string jobId, ActivityContext parent = default) => JobTraces.Source
        .CreateActivity($"publish {exchange}", ActivityKind.Producer, parent)?
        .SetTag("messaging.system", "rabbitmq")
        .SetTag("messaging.operation.name", "publish")
        .SetTag("messaging.operation.type", "send")
        .SetTag("messaging.destination.name", exchange)
        .SetTag(JobTraces.RequestIdKey, requestId)
        .SetTag(JobTraces.JobIdKey, jobId)
        .Start();

    /// <summary>Says whose message it is.</summary>
    public static Activity? Of(this Activity? span, string requestId, string jobId, string? type = null) => span?
        .SetTag(JobTraces.RequestIdKey, requestId)
        .SetTag(JobTraces.JobIdKey, jobId)
        .SetTag(JobTraces.JobTypeKey, type);

    /// <summary>Does the work of a span; tells by what kind of error it ended, not what the error says, which may be nobody else's business.</summary>
    public static async Task WatchAsync(this Activity? span, Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception error)
        {
            span.Failed(error);
            throw;
        }
    }

    /// <summary>Says by what kind of error a span ended.</summary>
    public static void Failed(this Activity? span, Exception error) =>
        span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", error.GetType().FullName);

    private static Activity? Start(string name, string type, ActivityContext parent, string queue, bool redelivered)
    {
        // A connection made within a span hands that span to all that arrives on it: not the trace of this message.
        if (Activity.Current is not (null or { Kind: ActivityKind.Consumer, IsStopped: false }))
        {
            Activity.Current = null;
        }

        if (JobTraces.Source.CreateActivity($"{name} {queue}", ActivityKind.Consumer, parent) is { } span)
        {
            if (redelivered)
            {
                span.SetTag(Redelivered, true);
            }

            return span
                .SetTag("messaging.system", "rabbitmq")
                .SetTag("messaging.operation.name", name)
                .SetTag("messaging.operation.type", type)
                .SetTag("messaging.destination.name", queue)
                .Start();
        }

        return PassOn(parent);
    }

    private static Activity? PassOn(ActivityContext parent) => parent == default
        ? null
        : new Activity(PassedOn) { TraceStateString = parent.TraceState }.SetParentId(parent.TraceId, parent.SpanId, parent.TraceFlags).Start();
}
