using JobRunner.Bus.Contracts;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Runs;

/// <summary>Events 1100–1199: commands as they arrive, wait, and leave.</summary>
internal static partial class AcceptLog
{
    private static readonly string Complete = JobState.Complete.ToSeedName();

    [LoggerMessage(1100, LogLevel.Debug, "Run starts: type {JobType}, prevTries {PrevTries}, totalTries {TotalTries}")]
    public static partial void RunStarts(ILogger logger, string jobType, long prevTries, long totalTries);

    /// <summary>A run that completed is counted, and its log is kept: a line for each would say it a third time.</summary>
    public static void RunEnded(ILogger logger, string state, long tries) =>
        RunEnded(logger, state == Complete ? LogLevel.Debug : LogLevel.Information, state, tries);

    [LoggerMessage(EventId = 1101, Message = "Run ended: {State} after {Tries} tries of this run")]
    private static partial void RunEnded(ILogger logger, LogLevel level, string state, long tries);

    [LoggerMessage(1102, LogLevel.Information, "Run goes on elsewhere in {Wait}: prevTries {PrevTries}, totalTries {TotalTries}")]
    public static partial void RunSentOn(ILogger logger, TimeSpan wait, long prevTries, long totalTries);

    [LoggerMessage(1103, LogLevel.Warning, "{Command} refused: {Reason}. It is in the error queue")]
    public static partial void CommandRefused(ILogger logger, string command, string reason);

    [LoggerMessage(1133, LogLevel.Warning, "A message could not be kept in {ErrorQueue} within {Patience}: it goes behind the others of {Queue}")]
    public static partial void NotKept(ILogger logger, string errorQueue, TimeSpan patience, string queue);

    [LoggerMessage(1134, LogLevel.Error, "The worker failed to run this command ({Error}, time {Failures}); it is tried again in {Wait}")]
    public static partial void CommandFailed(ILogger logger, string error, int failures, TimeSpan wait, Exception exception);

    [LoggerMessage(1143, LogLevel.Information, "The command says that it was sent at {SentAt:O}, and it is {Now:O} here: it goes on with that time")]
    public static partial void TimeOfNoUse(ILogger logger, DateTimeOffset sentAt, DateTimeOffset now);

    [LoggerMessage(1104, LogLevel.Warning, "Job not made: {Reason}")]
    public static partial void JobNotMade(ILogger logger, string reason);

    [LoggerMessage(1105, LogLevel.Information, "Delivery joins the run that lives here")]
    public static partial void DeliveryJoins(ILogger logger);

    [LoggerMessage(1106, LogLevel.Information, "Delivery dropped: {Why}")]
    public static partial void DeliveryDropped(ILogger logger, string why);

    [LoggerMessage(1107, LogLevel.Information, "Redelivered: the run goes on from prevTries {PrevTries}, totalTries {TotalTries}")]
    public static partial void RunResumed(ILogger logger, long prevTries, long totalTries);

    [LoggerMessage(1108, LogLevel.Error, "Job failed for good: {Reason}. Its command is in the error queue")]
    public static partial void RunPoisoned(ILogger logger, string reason);

    [LoggerMessage(1132, LogLevel.Error, "The log of try {Try} was lost with its worker: one that says so is sent in its place")]
    public static partial void LogLost(ILogger logger, long @try);

    [LoggerMessage(1109, LogLevel.Information, "Redelivered, but the run lives on another worker: left to it")]
    public static partial void RunLivesElsewhere(ILogger logger);

    [LoggerMessage(1110, LogLevel.Information, "Stop of request {RequestId}, job {JobId}: {Runners} runners here")]
    public static partial void StopArrived(ILogger logger, string requestId, string? jobId, int runners);

    [LoggerMessage(1111, LogLevel.Warning, "A stop could not be understood and is ignored: {Reason}")]
    public static partial void StopRefused(ILogger logger, string reason);

    [LoggerMessage(1113, LogLevel.Warning, "Stops have not been heard for {Patience}: runs start all the same, and stops reach them when they are heard")]
    public static partial void StopsNotHeard(ILogger logger, TimeSpan patience);

    [LoggerMessage(1114, LogLevel.Warning, "Stops are sent and not heard here (offset {Last} of their stream; heard up to {Heard}): the stream is read anew")]
    public static partial void StopsReadAnew(ILogger logger, long last, long heard);

    [LoggerMessage(1115, LogLevel.Error, "The stream of stops could not be read anew; it is tried again")]
    public static partial void StopsNotReadAnew(ILogger logger, Exception error);

    [LoggerMessage(1112, LogLevel.Error, "Stop of {Runner} went wrong")]
    public static partial void StopWentWrong(ILogger logger, string runner, Exception error);

    [LoggerMessage(1120, LogLevel.Information, "Worker {Worker} takes work: {Roles}, {Slots} slots")]
    public static partial void WorkerReady(ILogger logger, string worker, string roles, int slots);

    [LoggerMessage(1131, LogLevel.Critical, "The worker could not open its queues, and ends")]
    public static partial void WorkerNotOpened(ILogger logger, Exception error);

    [LoggerMessage(1144, LogLevel.Information, "{Who} told this worker to drain: it stays, and takes no work until it is started again")]
    public static partial void ToldToDrain(ILogger logger, string who);

    [LoggerMessage(1145, LogLevel.Error, "The drain went wrong; what still runs here is requeued as the process ends")]
    public static partial void DrainWentWrong(ILogger logger, Exception error);

    [LoggerMessage(1121, LogLevel.Information, "Draining: no new work; {Runs} runs have {Timeout} to end")]
    public static partial void Draining(ILogger logger, int runs, TimeSpan timeout);

    [LoggerMessage(1122, LogLevel.Warning, "{Runs} runs did not end in time and are stopped to be handed over")]
    public static partial void DrainCuts(ILogger logger, int runs);

    [LoggerMessage(1123, LogLevel.Error, "{Runs} runs could not be handed over; their commands are requeued")]
    public static partial void DrainLeft(ILogger logger, int runs);

    [LoggerMessage(1124, LogLevel.Information, "Drained")]
    public static partial void Drained(ILogger logger);

    [LoggerMessage(1126, LogLevel.Critical, "No contact with the broker for the lease of {Lease}: {Runs} runs are abandoned, for others may have them by now. Tries under way leave no log and run again")]
    public static partial void LeaseOver(ILogger logger, TimeSpan lease, int runs);

    [LoggerMessage(1127, LogLevel.Warning, "Run abandoned; its command is requeued")]
    public static partial void RunAbandoned(ILogger logger);

    [LoggerMessage(1140, LogLevel.Error, "A callback of job {Runner} threw as its run was abandoned; it is abandoned all the same")]
    public static partial void AbandonWentWrong(ILogger logger, string runner, Exception error);

    [LoggerMessage(1129, LogLevel.Critical, "Request {RequestId}, job {JobId}: worker {Other} has taken the run over, since none of its questions was answered for a lease; it is abandoned here")]
    public static partial void RunTakenOver(ILogger logger, string requestId, string jobId, string other);

    [LoggerMessage(1142, LogLevel.Error, "What a run held could not be freed after its end")]
    public static partial void RunNotFreed(ILogger logger, Exception error);

    [LoggerMessage(1128, LogLevel.Information, "Not started before the drain: its command is requeued")]
    public static partial void CommandRequeued(ILogger logger);

    [LoggerMessage(1125, LogLevel.Critical, "A run broke with an error of the worker itself; its command stays with the broker")]
    public static partial void RunBroke(ILogger logger, Exception error);
}
