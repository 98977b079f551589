using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>
/// TLS to the broker: by the system's certificate authorities or one's own, with a client certificate or without. There is
/// no way to turn the check off.
/// </summary>
internal static class BrokerTls
{
    /// <summary>TLS by these settings to a host.</summary>
    /// <exception cref="IOException">A file cannot be read or is not PEM; the message names the setting.</exception>
    public static SslOption For(RabbitMqOptions options, string host)
    {
        host = options.ServerName is { Length: > 0 } name ? name : host;
        var tls = new SslOption(host, enabled: true)
        {
            // What the system holds to be safe; RabbitMQ.Client would choose by itself otherwise.
            Version = SslProtocols.None,
            AcceptablePolicyErrors = SslPolicyErrors.None,
        };
        if (ClientCertificate(options) is { } certificate)
        {
            tls.Certs = new X509Certificate2Collection(certificate);
        }

        tls.CertificateValidationCallback = Check(options, [host]);
        return tls;
    }

    /// <summary>Checks a broker's certificate, which must be for one of these hosts.</summary>
    /// <exception cref="IOException">A file cannot be read or is not PEM; the message names the setting.</exception>
    public static RemoteCertificateValidationCallback Check(RabbitMqOptions options, IReadOnlyList<string> hosts)
    {
        var authorities = Authorities(options);
        return (_, presented, chain, errors) =>
        {
            var certificate = presented as X509Certificate2;
            if (certificate is not null && hosts.Any(host => certificate.MatchesHostname(host)))
            {
                errors &= ~SslPolicyErrors.RemoteCertificateNameMismatch;
            }

            return errors == SslPolicyErrors.None || Check(certificate, chain, errors, authorities, string.Join("\" or \"", hosts));
        };
    }

    /// <summary>The certificate to show to the broker; <see langword="null"/> for none.</summary>
    /// <exception cref="IOException">A file cannot be read or is not PEM; the message names the setting.</exception>
    public static X509Certificate2? ClientCertificate(RabbitMqOptions options) => options is { CertFile: { Length: > 0 } file, KeyFile: { Length: > 0 } key }
        ? Load(nameof(options.CertFile), file, () => X509Certificate2.CreateFromPemFile(file, key))
        : null;

    /// <summary>Why TLS cannot be set up by these settings, by the setting's name; nothing when it can.</summary>
    public static IEnumerable<string> Problems(RabbitMqOptions options)
    {
        foreach (var load in new Action[] { () => Authorities(options), () => ClientCertificate(options)?.Dispose() })
        {
            string? problem = null;
            try
            {
                load();
            }
            catch (IOException error)
            {
                problem = error.Message;
            }

            if (problem is not null)
            {
                yield return problem;
            }
        }
    }

    private static X509Certificate2Collection? Authorities(RabbitMqOptions options) => options.CaFile is not { Length: > 0 } file
        ? null
        : Load(nameof(options.CaFile), file, () =>
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(file);
            return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate");
        });

    private static T Load<T>(string setting, string file, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new IOException(
                $"{RabbitMqOptions.Variable(setting)} is \"{file}\"; it cannot be used as PEM: {error.Message}", error);
        }
    }

    /// <exception cref="AuthenticationException">It is not the broker's; says why.</exception>
    private static bool Check(
        X509Certificate2? presented, X509Chain? chain, SslPolicyErrors errors, X509Certificate2Collection? authorities, string host)
    {
        if (presented is null)
        {
            throw new AuthenticationException("the broker showed no certificate");
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
        {
            throw new AuthenticationException($"the broker's certificate ({presented.Subject}) is not for \"{host}\"");
        }

        if (authorities is null)
        {
            throw new AuthenticationException(
                $"the broker's certificate ({presented.Subject}) is from none of the system's authorities ({Reasons(chain)}); "
                + "for your own, set JobRunner__RabbitMq__CaFile");
        }

        using var own = new X509Chain();
        own.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        own.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        own.ChainPolicy.CustomTrustStore.AddRange(authorities);
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        return own.Build(presented)
            ? true
            : throw new AuthenticationException(
                $"the broker's certificate ({presented.Subject}) is not from the authority in JobRunner__RabbitMq__CaFile: {Reasons(own)}");
    }

    private static string Reasons(X509Chain? chain) =>
        string.Join(", ", chain?.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct() ?? []);
}
