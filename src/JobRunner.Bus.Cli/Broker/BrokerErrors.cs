using System.Net.Sockets;
using System.Security.Authentication;
using JobRunner.Bus.Cli.Scheduling;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>Says what is wrong with a broker in one line, with what to do.</summary>
internal static class BrokerErrors
{
    private const ushort AccessRefused = 403;
    private const ushort NotFound = 404;
    private const ushort NotAllowed = 530;

    /// <summary>What a broker says of which no worker has set up exchanges and queues.</summary>
    public const string NoWorkerEver =
        "no worker has ever connected to this broker: start one first (jobrunner worker)";

    /// <summary>The error as one line for the person at the keyboard.</summary>
    public static SchedulerBusException Explain(Exception error, BrokerAddress address) => new(Describe(error, address), error);

    /// <summary>Why a connection ended.</summary>
    public static SchedulerBusException Explain(ShutdownEventArgs shutdown, BrokerAddress address) => new(
        $"the connection to the broker at {address.Endpoint} was lost ({shutdown.ReplyText}); jobs already sent go on without this process");

    /// <summary>Whether an exception comes from the broker or the way to it.</summary>
    public static bool IsBrokers(Exception error) =>
        error is RabbitMQClientException or SocketException or IOException or AuthenticationException or TimeoutException or ObjectDisposedException;

    /// <summary>Whether the broker is there and said no: who asks again gets the same answer.</summary>
    public static bool IsRefusal(SchedulerBusException error) => Flatten(error).Any(reason =>
        reason is AuthenticationFailureException or PossibleAuthenticationFailureException
        || reason is OperationInterruptedException { ShutdownReason.ReplyCode: AccessRefused or NotAllowed });

    /// <summary>Whether the broker is not the one that these settings trust, or does not trust us.</summary>
    public static bool IsTls(SchedulerBusException error) => Flatten(error).Any(reason => reason is AuthenticationException);

    private static string Describe(Exception error, BrokerAddress address)
    {
        var reasons = Flatten(error).ToList();
        if (reasons.OfType<AuthenticationFailureException>().Any() || reasons.OfType<PossibleAuthenticationFailureException>().Any())
        {
            return $"the broker at {address.Endpoint} refused user \"{address.User}\": wrong password, no such user, or no access from this host";
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
        NotFound => $"{NoWorkerEver} ({shutdown.ReplyText})",
        NotAllowed => $"the broker at {address.Endpoint} does not let user \"{address.User}\" into virtual host "
            + $"\"{address.VirtualHost}\": {shutdown.ReplyText}",
        AccessRefused => $"the broker at {address.Endpoint} refused user \"{address.User}\" in virtual host "
            + $"\"{address.VirtualHost}\": {shutdown.ReplyText}",
        _ => $"the broker at {address.Endpoint} closed the connection: {shutdown.ReplyCode} {shutdown.ReplyText}",
    };

    private static IEnumerable<Exception> Flatten(Exception error)
    {
        yield return error;
        var inner = error is AggregateException many ? many.InnerExceptions : error.InnerException is { } one ? [one] : Enumerable.Empty<Exception>();
        foreach (var reason in inner.SelectMany(Flatten))
        {
            yield return reason;
        }
    }
}
