using System.Diagnostics;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>Traces of jobs, for OpenTelemetry or any other listener to <see cref="SourceName"/>. Costs nothing without one.</summary>
public static class JobTraces
{
    /// <summary>Name of the activity source, to subscribe to.</summary>
    public const string SourceName = "JobRunner.Bus";

    /// <summary>Request id of a job.</summary>
    public const string RequestIdKey = "jobrunner.request.id";

    /// <summary>Id of a job.</summary>
    public const string JobIdKey = "jobrunner.job.id";

    /// <summary>Type of a job.</summary>
    public const string JobTypeKey = "jobrunner.job.type";

    /// <summary>State of a job or a try, such as <c>FAIL</c>.</summary>
    public const string JobStateKey = "jobrunner.job.state";

    /// <summary>Number of a try, as in its job log.</summary>
    public const string TryKey = "jobrunner.try.number";

    /// <summary>The source itself: a job's own spans are children of its try's whatever source they come from.</summary>
    public static ActivitySource Source { get; } = new(SourceName, typeof(JobTraces).Assembly.GetName().Version?.ToString(3));

    /// <summary>Begins the span of a try; none when nobody listens.</summary>
    internal static Activity? StartTry(RunJob command, long tryNumber) => Source.CreateActivity("try", ActivityKind.Internal)?
        .SetTag(RequestIdKey, command.RequestId)
        .SetTag(JobIdKey, command.Job.Id)
        .SetTag(JobTypeKey, command.Job.Type)
        .SetTag("jobrunner.job.name", command.Job.Name)
        .SetTag(TryKey, tryNumber)
        .Start();

    /// <summary>Says how the try ended. The span is left open, so that what is published of the try belongs to it.</summary>
    internal static void EndTry(Activity? span, JobLogRecorded log)
    {
        if (span is null)
        {
            return;
        }

        var state = log.State.ToSeedName();
        span.SetTag(JobStateKey, state).SetTag("jobrunner.job.exit", log.Exit);
        // The error itself is in the job log; it may hold what is nobody else's business.
        if (log.State is not (JobState.Complete or JobState.Stopped))
        {
            span.SetStatus(ActivityStatusCode.Error).SetTag("error.type", state);
        }

        span.SetEndTime(span.StartTimeUtc.AddTicks((log.FinishedAt - log.StartedAt) / TimeSpan.NanosecondsPerTick));
    }
}
