using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Chains.Service;

/// <summary>Log messages of the chain service: events 1500 to 1599.</summary>
internal static partial class ChainsLog
{
    [LoggerMessage(1500, LogLevel.Information, "Chains are taken; they are kept in {Store}")]
    public static partial void Ready(ILogger logger, string store);

    [LoggerMessage(1501, LogLevel.Warning, "The store of chains, {Store}, cannot be used: {Reason}. Events stay in their queues until it can")]
    public static partial void StoreAway(ILogger logger, string store, string reason);

    [LoggerMessage(1502, LogLevel.Information, "The store of chains, {Store}, can be used again")]
    public static partial void StoreBack(ILogger logger, string store);

    [LoggerMessage(1503, LogLevel.Information, "Chain {RequestId} started: {Jobs} jobs")]
    public static partial void Started(ILogger logger, string requestId, int jobs);

    [LoggerMessage(1504, LogLevel.Information, "Chain {RequestId} ended {State}: {FinishedJobs} of {Jobs} jobs COMPLETE")]
    public static partial void Ended(ILogger logger, string requestId, string state, int finishedJobs, int jobs);

    [LoggerMessage(1505, LogLevel.Information, "Chain {RequestId} is being stopped: {InFlight} of its jobs run")]
    public static partial void Stopping(ILogger logger, string requestId, int inFlight);

    [LoggerMessage(1506, LogLevel.Information, "Chain {RequestId} is known already; it is not run a second time")]
    public static partial void KnownAlready(ILogger logger, string requestId);

    [LoggerMessage(1507, LogLevel.Warning, "Chain {RequestId} is refused: {Reason}")]
    public static partial void Refused(ILogger logger, string requestId, string reason);

    [LoggerMessage(1508, LogLevel.Warning, "Nothing to stop: no chain {RequestId} is known")]
    public static partial void NothingToStop(ILogger logger, string requestId);

    [LoggerMessage(1509, LogLevel.Warning, "Chain {RequestId}: what followed from an event is sent again, {Messages} messages; whoever was to send it did not say that it had")]
    public static partial void SentAgain(ILogger logger, string requestId, int messages);

    [LoggerMessage(1510, LogLevel.Warning, "Chain {RequestId}: what follows from an event was not sent: {Reason}. It is sent again later")]
    public static partial void NotSent(ILogger logger, string requestId, string reason);

    [LoggerMessage(1511, LogLevel.Error, "The chain service could not {What}; it tries again")]
    public static partial void UpkeepFailed(ILogger logger, string what, Exception error);

    [LoggerMessage(1512, LogLevel.Critical, "The chain service could not open its queues")]
    public static partial void NotOpened(ILogger logger, Exception error);

    [LoggerMessage(1513, LogLevel.Warning, "{Method} {Path} was answered with {Status}: {Reason}")]
    public static partial void ApiRefused(ILogger logger, string method, string path, int status, string reason, Exception? error);

    [LoggerMessage(1514, LogLevel.Information, "The Request Manager has no request {RequestId}: the end of its chain is told to nobody there")]
    public static partial void UnknownThere(ILogger logger, string requestId);

    [LoggerMessage(1515, LogLevel.Information, "The Request Manager has had the end of request {RequestId} already: it is {State} there")]
    public static partial void EndedThere(ILogger logger, string requestId, string state);

    [LoggerMessage(1516, LogLevel.Warning, "The end of chain {RequestId} was not taken: {Reason}. It is delivered again after {Delay}")]
    public static partial void EndRedelivered(ILogger logger, string requestId, TimeSpan delay, string reason);

    [LoggerMessage(1517, LogLevel.Error, "The end of chain {RequestId} was not taken: {Reason}. It goes to the error queue")]
    public static partial void EndNotTaken(ILogger logger, string requestId, string reason);

    [LoggerMessage(1518, LogLevel.Warning, "The Request Manager cannot be told of progress: {Reason}")]
    public static partial void ProgressNotTold(ILogger logger, string reason);

    [LoggerMessage(1519, LogLevel.Warning, "Who sent chain {RequestId}, which is refused, could not be told: {Reason}")]
    public static partial void RefusalNotTold(ILogger logger, string requestId, string reason);
}
