using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Delivery;

/// <summary>Log messages of job-log delivery; event ids 3000 to 3099.</summary>
internal static partial class ReportLog
{
    [LoggerMessage(3000, LogLevel.Information,
        "The Request Manager cannot hold all of the job log of request {RequestId}, job {JobId}, try {Try}: {Cuts} cut")]
    public static partial void JobLogCut(this ILogger logger, string requestId, string jobId, long @try, string cuts);

    [LoggerMessage(3001, LogLevel.Debug,
        "The Request Manager has the job log of request {RequestId}, job {JobId}, try {Try} already")]
    public static partial void JobLogAlreadyThere(this ILogger logger, string requestId, string jobId, long @try);

    [LoggerMessage(3002, LogLevel.Debug, "An attempt to deliver the job log of request {RequestId}, job {JobId}, try {Try} failed: {Reason}")]
    public static partial void AttemptFailed(this ILogger logger, string requestId, string jobId, long @try, string reason);

    [LoggerMessage(3003, LogLevel.Error, "The job log of request {RequestId}, job {JobId}, try {Try} is refused, and goes to the error queue: {Reason}")]
    public static partial void JobLogRefused(this ILogger logger, string requestId, string jobId, long @try, string reason);

    [LoggerMessage(3010, LogLevel.Information, "Job logs go to the Request Manager at {BaseUrl}")]
    public static partial void DeliversToRequestManager(this ILogger logger, string baseUrl);

    [LoggerMessage(3011, LogLevel.Information, "Job logs go to the SQLite file {Path}")]
    public static partial void DeliversToSqlite(this ILogger logger, string path);

    [LoggerMessage(3020, LogLevel.Warning, "Job logs do not get through and wait; their store is tried again every few seconds: {Reason}")]
    public static partial void StoreIsDown(this ILogger logger, string reason);

    [LoggerMessage(3021, LogLevel.Information, "Job logs get through again, after {Outage}")]
    public static partial void StoreIsBack(this ILogger logger, TimeSpan outage);

    [LoggerMessage(3022, LogLevel.Warning, "Job logs have not got through for {Outage}: {Reason}")]
    public static partial void StoreIsStillDown(this ILogger logger, TimeSpan outage, string reason);

    [LoggerMessage(3023, LogLevel.Warning,
        "The job log of request {RequestId}, job {JobId}, try {Try} is delivered again after {Delay}: {Reason}")]
    public static partial void JobLogRedelivered(this ILogger logger, string requestId, string jobId, long @try, TimeSpan delay, string reason);

    [LoggerMessage(3024, LogLevel.Error,
        "The job log of request {RequestId}, job {JobId}, try {Try} was not taken for {For} while others were, and goes to the error queue: {Reason}")]
    public static partial void JobLogDeadLettered(this ILogger logger, string requestId, string jobId, long @try, TimeSpan @for, string reason);

    [LoggerMessage(3025, LogLevel.Error,
        "The job log of request {RequestId}, job {JobId}, try {Try} was not stored and ends with this process")]
    public static partial void LeftBehind(this ILogger logger, string requestId, string jobId, long @try);

    [LoggerMessage(3026, LogLevel.Error,
        "The queue {Queue} took nothing for {For}; a job log goes back to its own queue instead of being delivered later. Is the queue out of service?")]
    public static partial void DelayQueueTakesNothing(this ILogger logger, string queue, TimeSpan @for);
}
