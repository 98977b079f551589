using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Jobs.Http;

/// <summary>
/// Where <c>http-request</c> jobs may go: hosts by name, as each request and redirect names them, and addresses as they
/// are connected to, whatever name led there.
/// </summary>
internal sealed class AllowedTargets(IOptions<BuiltInJobsOptions> options)
{
    // Cloud providers answer whoever asks there with credentials of the machine. All but the last two are not link-local.
    private static readonly IPNetwork[] LinkLocalAndMetadata =
    [
        IPNetwork.Parse("100.100.100.200/32"),
        IPNetwork.Parse("192.0.0.192/32"),
        IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("fd00:ec2::/32"),
        IPNetwork.Parse("fd20:ce::/32"),
        IPNetwork.Parse("169.254.0.0/16"),
        IPNetwork.Parse("fe80::/10"),
    ];

    // Ways to write an IPv4 address as an IPv6 one, and where it stands in the bytes.
    private static readonly (IPNetwork Network, int At)[] Embedding =
    [
        (IPNetwork.Parse("::ffff:0:0/96"), 12),
        (IPNetwork.Parse("::/96"), 12),
        (IPNetwork.Parse("64:ff9b::/96"), 12),
        (IPNetwork.Parse("64:ff9b:1::/48"), 12),
        (IPNetwork.Parse("2002::/16"), 2),
    ];

    private static readonly IPNetwork Teredo = IPNetwork.Parse("2001::/32");

    private readonly HttpJobOptions _options = options.Value.Http;
    private readonly string[] _hosts = Split(options.Value.Http.AllowedHosts);

    /// <summary>Why a host may not be asked; nothing when it may.</summary>
    public string? WhyNot(Uri target)
    {
        var host = target.IdnHost.TrimEnd('.');
        return _hosts.Length == 0 || Array.Exists(_hosts, pattern => Matches(pattern, host))
            ? null
            : $"host \"{host}\" is not among those that JobRunner__Jobs__Http__AllowedHosts names";
    }

    /// <summary>Connects, if the address may be connected to.</summary>
    /// <exception cref="IOException">It may not; says why.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        // A redirect names its host here first. Through a proxy, it is the proxy that is connected to.
        if (context.InitialRequestMessage.RequestUri is { } target && WhyNot(target) is { } why)
        {
            throw new IOException(why);
        }

        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, cancellationToken);
        var allowed = Array.FindAll(addresses, address => _options.AllowLinkLocal || !IsLinkLocalOrMetadata(address));
        if (allowed.Length == 0 && addresses.Length > 0)
        {
            throw new IOException(
                $"address {addresses[0]} of \"{context.DnsEndPoint.Host}\" is link-local or serves a cloud's metadata; "
                + "JobRunner__Jobs__Http__AllowLinkLocal=true would allow it");
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Whether an address is link-local, or known to serve a cloud's metadata; also where it is one in IPv6 clothes.</summary>
    public static bool IsLinkLocalOrMetadata(IPAddress address) =>
        IsListed(address) || (address.AddressFamily == AddressFamily.InterNetworkV6 && Embedded(address).Any(IsListed));

    private static bool IsListed(IPAddress address) => Array.Exists(LinkLocalAndMetadata, network => network.Contains(address));

    private static IEnumerable<IPAddress> Embedded(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        foreach (var (network, at) in Embedding)
        {
            if (network.Contains(address))
            {
                yield return new IPAddress(bytes.AsSpan(at, 4));
            }
        }

        if (Teredo.Contains(address))
        {
            // It turns every bit of the client's address around.
            yield return new IPAddress([.. bytes[12..].Select(part => (byte)~part)]);
        }
    }

    /// <summary>What is wrong with a list of hosts; nothing when it is right.</summary>
    public static string? Problem(string hosts) => Array.Find(
        Split(hosts), pattern => Uri.CheckHostName(pattern.StartsWith("*.", StringComparison.Ordinal) ? pattern[2..] : pattern.Trim('[', ']')) == UriHostNameType.Unknown);

    private static bool Matches(string pattern, string host) => pattern.StartsWith("*.", StringComparison.Ordinal)
        ? host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
        : host.Trim('[', ']').Equals(pattern.Trim('[', ']'), StringComparison.OrdinalIgnoreCase);

    private static string[] Split(string hosts) => hosts.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
