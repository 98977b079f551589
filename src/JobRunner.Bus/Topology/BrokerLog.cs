using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Topology;

/// <summary>Events 1200–1299: the broker.</summary>
internal static partial class BrokerLog
{
    [LoggerMessage(1200, LogLevel.Debug, "Connected to the broker at {Host}:{Port}")]
    public static partial void LinkOpened(ILogger logger, string host, int port);

    [LoggerMessage(1201, LogLevel.Warning, "The broker did not take {What} (attempt {Attempt}): {Reason}. Trying again until it does")]
    public static partial void NotAccepted(ILogger logger, string what, int attempt, string reason);

    [LoggerMessage(1202, LogLevel.Information, "Queues and exchanges are in place")]
    public static partial void TopologyDeclared(ILogger logger);

    [LoggerMessage(1205, LogLevel.Warning, "The broker does not read from connection \"{Connection}\" ({Reason}): tries go on, logs and results wait. See: rabbitmq-diagnostics alarms")]
    public static partial void Blocked(ILogger logger, string connection, string reason);

    [LoggerMessage(1206, LogLevel.Information, "The broker reads from connection \"{Connection}\" again")]
    public static partial void Unblocked(ILogger logger, string connection);

    [LoggerMessage(1210, LogLevel.Critical, "{Wrong}. {Fix}")]
    public static partial void PreflightWrong(ILogger logger, string wrong, string fix);

    [LoggerMessage(1211, LogLevel.Warning, "{Found}. {Fix}")]
    public static partial void PreflightWarning(ILogger logger, string found, string fix);

    [LoggerMessage(1212, LogLevel.Information, "{Found}. {Fix}")]
    public static partial void PreflightNote(ILogger logger, string found, string fix);

    [LoggerMessage(1204, LogLevel.Warning, "No contact with the broker: {Reason}")]
    public static partial void ContactLost(ILogger logger, string reason);

    [LoggerMessage(1208, LogLevel.Warning, "The broker is not there yet: {Reason}. The worker waits for it")]
    public static partial void NotThereYet(ILogger logger, string reason);

    [LoggerMessage(1209, LogLevel.Warning, "An answer ({What}) is not sent: its reply-to {Queue} is a queue of the workers' own")]
    public static partial void AnswerRefused(ILogger logger, string what, string queue);
    [LoggerMessage(1207, LogLevel.Warning, "No commands from the broker: {Reason}. Runs go on; consuming again as soon as it can be")]
    public static partial void ConsumerLost(ILogger logger, string reason);

    [LoggerMessage(1203, LogLevel.Warning, "An answer ({What}) could not be sent: {Reason}. Its asker has to ask again")]
    public static partial void AnswerNotSent(ILogger logger, string what, string reason);
}
