using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Topology;

/// <summary>Events 1200–1299: the broker.</summary>
internal static partial class BrokerLog
{
    [LoggerMessage(1200, LogLevel.Debug, "Connected to the broker at {Host}:{Port}")]
    public static partial void LinkOpened(ILogger logger, string host, int port);

    [LoggerMessage(EventId = 1201, Message = "The broker did not take {What} (attempt {Attempt}): {Reason}. Trying again until it does")]
    public static partial void NotAccepted(ILogger logger, LogLevel level, string what, int attempt, string reason);

    [LoggerMessage(1218, LogLevel.Information, "The broker takes messages again")]
    public static partial void AcceptedAgain(ILogger logger);

    [LoggerMessage(1219, LogLevel.Warning, "The broker never takes {What} of this size: {Reason}. It is cut to fit")]
    public static partial void TooLarge(ILogger logger, string what, string reason);

    [LoggerMessage(1202, LogLevel.Information, "Queues and exchanges are in place")]
    public static partial void TopologyDeclared(ILogger logger);

    [LoggerMessage(1205, LogLevel.Warning, "The broker has an alarm and reads nothing that is published ({Reason}): tries go on, logs and results wait. See: rabbitmq-diagnostics alarms")]
    public static partial void Blocked(ILogger logger, string reason);

    [LoggerMessage(1206, LogLevel.Information, "The alarm of the broker is over: it reads what is published again")]
    public static partial void Unblocked(ILogger logger);

    [LoggerMessage(1210, LogLevel.Critical, "{Wrong}. {Fix}")]
    public static partial void PreflightWrong(ILogger logger, string wrong, string fix);

    [LoggerMessage(1211, LogLevel.Warning, "{Found}. {Fix}")]
    public static partial void PreflightWarning(ILogger logger, string found, string fix);

    [LoggerMessage(1212, LogLevel.Information, "{Found}. {Fix}")]
    public static partial void PreflightNote(ILogger logger, string found, string fix);

    [LoggerMessage(1213, LogLevel.Warning, "The broker is out of reach: {Reason}. The worker asks again until it is there")]
    public static partial void Unreachable(ILogger logger, string reason);

    [LoggerMessage(1214, LogLevel.Information, "The broker is there again")]
    public static partial void ReachableAgain(ILogger logger);

    [LoggerMessage(1215, LogLevel.Warning, "Something that this worker needs was gone from the broker: {Missing}. Everything is declared again")]
    public static partial void Missing(ILogger logger, string missing);

    [LoggerMessage(1216, LogLevel.Information, "Everything that this worker needs is on the broker again")]
    public static partial void Restored(ILogger logger);

    [LoggerMessage(1217, LogLevel.Error, "What is gone from the broker cannot be declared again: {Reason}. The worker tries on")]
    public static partial void NotRestored(ILogger logger, string reason);

    [LoggerMessage(EventId = 1204, Message = "No contact with the broker: {Reason}")]
    public static partial void ContactLost(ILogger logger, LogLevel level, string reason);

    [LoggerMessage(1220, LogLevel.Information, "In contact with the broker again")]
    public static partial void ContactAgain(ILogger logger);

    [LoggerMessage(1208, LogLevel.Warning, "The broker is not there yet: {Reason}. The worker waits for it")]
    public static partial void NotThereYet(ILogger logger, string reason);

    [LoggerMessage(1209, LogLevel.Warning, "An answer ({What}) is not sent: its reply-to {Queue} is a queue of the workers' own")]
    public static partial void AnswerRefused(ILogger logger, string what, string queue);

    [LoggerMessage(1207, LogLevel.Warning, "No commands from the broker: {Reason}. Runs go on; consuming again as soon as it can be")]
    public static partial void ConsumerLost(ILogger logger, string reason);

    [LoggerMessage(1203, LogLevel.Warning, "An answer ({What}) could not be sent: {Reason}. Its asker has to ask again")]
    public static partial void AnswerNotSent(ILogger logger, string what, string reason);
}
