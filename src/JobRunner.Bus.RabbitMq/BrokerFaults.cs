using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.RabbitMq;

/// <summary>Says in one line what is wrong with a broker, and what to do.</summary>
internal static class BrokerFaults
{
    private const ushort AccessRefused = 403;
    private const ushort NotFound = 404;
    private const ushort Inequivalent = 406;
    private const ushort NotAllowed = 530;

    /// <summary>What a broker says of which no worker has made exchanges and queues.</summary>
    public const string NoWorkerEver = "no worker has ever connected to this broker: start one first (jobrunner worker)";

    /// <summary>Whether an exception comes from the broker or the way to it.</summary>
    public static bool IsBrokers(Exception error) => error is RabbitMQClientException
        or SocketException or IOException or AuthenticationException or TimeoutException or ObjectDisposedException;

    /// <summary>Whether the broker is there and said no: who asks again gets the same answer.</summary>
    public static bool IsRefusal(Exception error) => Flatten(error).Any(reason => IsLogin(reason) || IsNoEntry(reason));

    /// <summary>Whether the broker is not the one that these settings trust, or does not trust us.</summary>
    public static bool IsTls(Exception error) => Flatten(error).Any(reason => reason is AuthenticationException);

    /// <summary>The fault in few words, where it is known which broker is meant.</summary>
    public static string Reason(Exception error) => Flatten(error).ToList() switch
    {
        var all when all.Any(IsLogin) => "it refused the login (wrong password, no such user, or no access from this host)",
        var all when all.OfType<SocketException>().FirstOrDefault() is { } socket => socket.Message,
        var all => all[^1].Message.ReplaceLineEndings(" "),
    };

    /// <summary>The fault in words; the password is in none of them.</summary>
    public static string Describe(Exception error, BrokerAddress address)
    {
        var reasons = Flatten(error).ToList();
        if (reasons.OfType<BrokerAlarmException>().FirstOrDefault() is { } alarm)
        {
            return $"the broker at {address.Endpoint} has an alarm ({alarm.Reason}) and takes no message until it is over: see rabbitmq-diagnostics alarms";
        }

        if (reasons.Any(IsLogin))
        {
            return $"the broker at {address.Endpoint} refused {address.Login}: {address.LoginHint}";
        }

        if (reasons.OfType<OperationInterruptedException>().FirstOrDefault()?.ShutdownReason is { } shutdown)
        {
            return Describe(shutdown, address);
        }

        if (reasons.OfType<AuthenticationException>().FirstOrDefault() is { } tls)
        {
            return $"TLS with the broker at {address.Endpoint} failed: {tls.Message}";
        }

        if (address.UsesTls && reasons.Any(reason => reason is IOException or SocketException { SocketErrorCode: SocketError.ConnectionReset }))
        {
            return $"the broker at {address.Endpoint} closed the connection as TLS began: is this its TLS port, "
                + "and does it ask for a client certificate (JobRunner__RabbitMq__CertFile, JobRunner__RabbitMq__KeyFile)?";
        }

        if (reasons.OfType<SocketException>().FirstOrDefault() is { } socket)
        {
            return socket.SocketErrorCode switch
            {
                SocketError.ConnectionRefused =>
                    $"nothing listens at {address.Endpoint} (connection refused): is RabbitMQ running there?",
                SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData =>
                    $"the broker's host of {address.Endpoint} is not known: is its name right?",
                _ => $"the broker at {address.Endpoint} cannot be reached: {socket.Message}",
            };
        }

        return reasons.Any(reason => reason is TimeoutException or OperationCanceledException)
            ? $"the broker at {address.Endpoint} did not answer in time: is this its AMQP port?"
            : $"the broker at {address.Endpoint} cannot be used: {reasons[^1].Message.ReplaceLineEndings(" ")}";
    }

    private static string Describe(ShutdownEventArgs shutdown, BrokerAddress address) => shutdown.ReplyCode switch
    {
        NotFound when shutdown.ReplyText.EndsWith("is down or inaccessible", StringComparison.Ordinal) =>
            $"the broker at {address.Endpoint} is still starting: {shutdown.ReplyText}",
        NotFound => $"{NoWorkerEver} ({shutdown.ReplyText})",
        NotAllowed => $"the broker at {address.Endpoint} does not let {address.Login} into virtual host "
            + $"\"{address.VirtualHost}\": {shutdown.ReplyText}",
        AccessRefused => $"the broker at {address.Endpoint} does not let {address.Login} do this in virtual host "
            + $"\"{address.VirtualHost}\": {shutdown.ReplyText}",
        Inequivalent when MessageTooLargeException.LimitIn(shutdown) is { } limit =>
            $"the broker at {address.Endpoint} takes no message of more than {limit} bytes (its max_message_size): {shutdown.ReplyText}",
        Inequivalent => $"a queue of this name is there already, declared otherwise: {shutdown.ReplyText}",
        _ => $"the broker at {address.Endpoint} closed the connection: {shutdown.ReplyCode} {shutdown.ReplyText}",
    };

    /// <summary>
    /// Whether the broker said no to this login. One that closes without a word, as it is killed or stopped in that moment, did not: the
    /// client takes that for a login that may have failed (<see cref="PossibleAuthenticationFailureException"/>), RabbitMQ always says so.
    /// </summary>
    public static bool IsLogin(Exception reason) => reason is AuthenticationFailureException;

    /// <summary>Whether the broker does not let this user in, and not only because it is still starting, or ending.</summary>
    public static bool IsNoEntry(Exception reason) =>
        reason is OperationInterruptedException { ShutdownReason: { ReplyCode: AccessRefused or NotAllowed } shutdown }
        && !shutdown.ReplyText.EndsWith("is down", StringComparison.Ordinal);

    /// <summary>An exception and all that caused it.</summary>
    public static IEnumerable<Exception> Flatten(Exception error)
    {
        yield return error;
        var inner = error is AggregateException many ? many.InnerExceptions : error.InnerException is { } one ? [one] : Enumerable.Empty<Exception>();
        foreach (var reason in inner.SelectMany(Flatten))
        {
            yield return reason;
        }
    }
}
