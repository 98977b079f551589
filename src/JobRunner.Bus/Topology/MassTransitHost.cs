using System.Net.Security;
using System.Security.Authentication;
using JobRunner.Bus.RabbitMq;
using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>How MassTransit's own connection is made.</summary>
internal static class MassTransitHost
{
    /// <summary>Gives a connection that is about to be made the login and the certificates that the files hold now.</summary>
    /// <exception cref="RabbitMqConnectionException">A file cannot be read; MassTransit tries again after this one alone.</exception>
    public static void Refresh(ConnectionFactory factory, RabbitMqOptions options)
    {
        try
        {
            BrokerClient.Refresh(factory, options);
        }
        catch (IOException error)
        {
            throw new RabbitMqConnectionException(error.Message, error);
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
