using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using static JobRunner.Bus.Delivery.RequestManager.RequestManagerAccessRules;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>
/// TLS to the Request Manager with authorities and a certificate of our own. Each new connection takes what the files hold
/// then; connections live for minutes, so a renewed certificate is in use soon.
/// </summary>
internal sealed class RequestManagerTls
{
    private readonly WatchedFile<X509Certificate2Collection>? _authorities;
    private readonly WatchedFile<SslStreamCertificateContext>? _client;

    private RequestManagerTls(RequestManagerOptions options, TimeProvider time, ILogger logger)
    {
        if (IsGiven(options.CaFile))
        {
            _authorities = new(Name(nameof(options.CaFile)), [options.CaFile!], ReadAuthorities, time, logger);
        }

        if (IsGiven(options.ClientCertFile))
        {
            _client = new(
                Name(nameof(options.ClientCertFile)), [options.ClientCertFile!, KeyFile(options)], texts => ReadClient(options, texts), time, logger);
        }
    }

    /// <summary>What the settings ask for; none when the machine's own authorities do and no certificate is to be shown.</summary>
    public static RequestManagerTls? From(IServiceProvider services)
    {
        var options = services.GetRequiredService<IOptions<RequestManagerOptions>>().Value;
        return IsGiven(options.CaFile) || IsGiven(options.ClientCertFile)
            ? new RequestManagerTls(
                options, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<RequestManagerTls>>())
            : null;
    }

    /// <summary>Reads the file of authorities.</summary>
    public static X509Certificate2Collection ReadAuthorities(IReadOnlyList<string> texts) =>
        SecretFiles.Authorities(Name(nameof(RequestManagerOptions.CaFile)), texts[0]);

    /// <summary>The files of the client's certificate and of its key.</summary>
    public static IReadOnlyList<string> ClientTexts(RequestManagerOptions options) =>
    [
        SecretFiles.Read(Name(nameof(options.ClientCertFile)), options.ClientCertFile!),
        SecretFiles.Read(KeySetting(options), KeyFile(options)),
    ];

    /// <summary>Reads them.</summary>
    public static SslStreamCertificateContext ReadClient(RequestManagerOptions options, IReadOnlyList<string> texts) =>
        SecretFiles.Client(Name(nameof(options.ClientCertFile)), KeySetting(options), texts[0], texts[1]);

    /// <summary>Makes a handler connect this way.</summary>
    public void Secure(SocketsHttpHandler handler) => handler.ConnectCallback = ConnectAsync;

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);

            // The handler takes a stream that is secure already as it is.
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            try
            {
                await stream.AuthenticateAsClientAsync(Options(context.DnsEndPoint.Host), cancellationToken);
                return stream;
            }
            catch
            {
                await stream.DisposeAsync();
                throw;
            }
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private SslClientAuthenticationOptions Options(string host)
    {
        var options = new SslClientAuthenticationOptions { TargetHost = host, ClientCertificateContext = _client?.Value };
        if (_authorities is not null)
        {
            options.CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            options.CertificateChainPolicy.CustomTrustStore.AddRange(_authorities.Value);
        }

        return options;
    }

    private static string KeyFile(RequestManagerOptions options) => IsGiven(options.ClientKeyFile) ? options.ClientKeyFile! : options.ClientCertFile!;

    private static string KeySetting(RequestManagerOptions options) =>
        Name(IsGiven(options.ClientKeyFile) ? nameof(options.ClientKeyFile) : nameof(options.ClientCertFile));
}
