using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Client;

/// <summary>Says in one line what is wrong with a broker, and what to do.</summary>
internal static class BrokerFaults
{
    private const ushort AccessRefused = 403;
    private const ushort NotFound = 404;
    private const ushort Inequivalent = 406;
    private const ushort NotAllowed = 530;

    /// <summary>What a broker says of which no worker has made exchanges and queues.</summary>
    public const string NoWorkerEver = "no worker has ever connected to this broker: start one first";

    /// <summary>Whether an exception comes from the broker or the way to it.</summary>
    public static bool IsBrokers(Exception error) => error is RabbitMQClientException
        or SocketException or IOException or AuthenticationException or TimeoutException or ObjectDisposedException;

    /// <summary>The fault in words; the password is in none of them.</summary>
    public static string Describe(Exception error, IConnectionFactory factory)
    {
        var endpoint = factory is ConnectionFactory plain ? $"{plain.HostName}:{plain.Endpoint.Port}" : "the broker";
        var reasons = Flatten(error).ToList();
        if (reasons.Any(reason => reason is AuthenticationFailureException or PossibleAuthenticationFailureException))
        {
            return $"the broker at {endpoint} refused user \"{factory.UserName}\": wrong password, no such user, or no access from this host";
        }

        if (reasons.OfType<OperationInterruptedException>().FirstOrDefault()?.ShutdownReason is { } shutdown)
        {
            return shutdown.ReplyCode switch
            {
                NotFound => $"{NoWorkerEver} ({shutdown.ReplyText})",
                AccessRefused or NotAllowed =>
                    $"the broker at {endpoint} does not let user \"{factory.UserName}\" do this in virtual host \"{factory.VirtualHost}\": {shutdown.ReplyText}",
                Inequivalent => $"a queue of this name is there already, declared otherwise: {shutdown.ReplyText}",
                _ => $"the broker at {endpoint} closed the connection: {shutdown.ReplyCode} {shutdown.ReplyText}",
            };
        }

        if (reasons.OfType<AuthenticationException>().FirstOrDefault() is { } tls)
        {
            return $"TLS with the broker at {endpoint} failed: {tls.Message}";
        }

        return reasons.OfType<SocketException>().FirstOrDefault() is { } socket
            ? $"the broker at {endpoint} cannot be reached: {socket.Message}"
            : $"the broker at {endpoint} cannot be used: {reasons[^1].Message.ReplaceLineEndings(" ")}";
    }

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
