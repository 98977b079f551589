using System.Net.Security;
using System.Security.Authentication;
using JobRunner.Bus.RabbitMq;
using MassTransit;

namespace JobRunner.Bus.Topology;

/// <summary>TLS for MassTransit, which has one set of rules for all nodes: the certificate must be for one of them.</summary>
internal static class MassTransitTls
{
    /// <summary>Sets TLS up by these settings.</summary>
    /// <exception cref="IOException">A file cannot be read or is not PEM; the message names the setting.</exception>
    public static void Set(IRabbitMqSslConfigurator tls, RabbitMqOptions options)
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
