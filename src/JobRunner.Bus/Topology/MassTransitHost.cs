using System.Net.Security;
using System.Security.Authentication;
using JobRunner.Bus.RabbitMq;
using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>How MassTransit's own connection is made.</summary>
internal static class MassTransitHost
{
    private static readonly TimeSpan BetweenLogins = TimeSpan.FromSeconds(1);

    // Mostly it has all within a second; a stream that it has not for long must not keep the other queues from being read.
    private static readonly TimeSpan TimeToStart = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gives a connection that is about to be made the login and the certificates that the files hold now, once the broker takes them and has
    /// the queues: MassTransit never tries again after a login that was refused, and waits long after a broker that was away or lacked a queue
    /// (7 s more without stops were seen after a broker was killed).
    /// </summary>
    /// <exception cref="RabbitMqConnectionException">A file cannot be read; MassTransit tries again after this one alone.</exception>
    public static async Task RefreshAsync(
        ConnectionFactory factory, RabbitMqOptions options, BrokerReach reach, BrokerLink link, BrokerTopology topology, CancellationToken stopping)
    {
        try
        {
            await reach.WhileRefusedAsync(stopping);
            while (!stopping.IsCancellationRequested && await IsLoginRefusedAsync(options, link, topology, stopping))
            {
                await Task.Delay(BetweenLogins, TimeProvider.System, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            BrokerClient.Refresh(factory, options);
        }
        catch (IOException error)
        {
            throw new RabbitMqConnectionException(error.Message, error);
        }
    }

    /// <summary>Connects once, and waits for the queues of a broker that is starting. Whatever else is wrong, MassTransit finds itself.</summary>
    private static async Task<bool> IsLoginRefusedAsync(RabbitMqOptions options, BrokerLink link, BrokerTopology topology, CancellationToken stopping)
    {
        var current = RabbitMqSecrets.Current(options);
        var factory = BrokerClient.NewFactory(current, "jobrunner (login)");
        try
        {
            await using var connection = await factory.CreateConnectionAsync(BrokerNodes.ToConnectTo(current), factory.ClientProvidedName, stopping);
            // The first time that is for preflight to tell.
            if (topology.Declared.IsCompleted)
            {
                await link.RestoreAsync(connection, TimeToStart, stopping);
            }

            return false;
        }
        catch (Exception error)
        {
            return BrokerFaults.Flatten(error).Any(BrokerFaults.IsLogin);
        }
    }

    /// <summary>Sets TLS up. There is one set of rules for all nodes: the certificate must be for one of them.</summary>
    /// <exception cref="IOException">A file cannot be read or is not PEM; the message names the setting.</exception>
    public static void SetTls(IRabbitMqSslConfigurator tls, RabbitMqOptions options)
    {
        IReadOnlyList<string> hosts = options.ServerName is { Length: > 0 } name ? [name] : [.. BrokerNodes.Of(options).Select(node => node.HostName)];
        tls.Protocol = SslProtocols.None;
        tls.ServerName = hosts[0];
        tls.UseCertificateAsAuthenticationIdentity = options.Auth == RabbitMqAuth.External;
        if (BrokerTls.ClientCertificate(options) is { } certificate)
        {
            tls.Certificate = certificate;
        }

        tls.EnforcePolicyErrors(
            SslPolicyErrors.RemoteCertificateChainErrors | SslPolicyErrors.RemoteCertificateNameMismatch | SslPolicyErrors.RemoteCertificateNotAvailable);
        tls.CertificateValidationCallback = BrokerTls.Check(options, hosts);
    }
}
