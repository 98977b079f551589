using System.Security.Authentication;
using JobRunner.Bus.RabbitMq;
using RabbitMQ.Client.Exceptions;

namespace JobRunner.Bus.Topology;

/// <summary>Tells a broker that says no from one that is not there.</summary>
internal static class BrokerRefusal
{
    /// <summary>Why the broker does not let this user in; <see langword="null"/> when it is something that may heal.</summary>
    public static PreflightFinding? Of(Exception error, string endpoint, string user, string virtualHost)
    {
        foreach (var reason in BrokerFaults.Flatten(error))
        {
            if (BrokerFaults.IsLogin(reason))
            {
                return new PreflightFinding(
                    $"broker {endpoint}",
                    PreflightVerdict.Wrong,
                    $"The broker at {endpoint} refused user \"{user}\"",
                    "Wrong password, no such user, or no access from this host: correct JobRunner__RabbitMq__Uri, or the user on the broker");
            }

            if (reason is AuthenticationException tls)
            {
                return new PreflightFinding(
                    $"broker {endpoint}",
                    PreflightVerdict.Wrong,
                    $"TLS with the broker at {endpoint} failed: {tls.Message}",
                    "Correct JobRunner__RabbitMq__CaFile, the host in the address, or the broker's certificate");
            }

            if (BrokerFaults.IsNoEntry(reason) && reason is OperationInterruptedException { ShutdownReason: { } shutdown })
            {
                return new PreflightFinding(
                    $"broker {endpoint}",
                    PreflightVerdict.Wrong,
                    $"The broker at {endpoint} does not let user \"{user}\" into virtual host \"{virtualHost}\": {shutdown.ReplyText}",
                    "Make the virtual host and give the user permissions there, or correct JobRunner__RabbitMq__Uri");
            }
        }

        return null;
    }
}
