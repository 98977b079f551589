using System.Net;
using System.Net.Security;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Commands;

/// <summary>What the command line of <c>dashboard</c> says.</summary>
/// <param name="Broker">The broker to look at.</param>
/// <param name="Port">The port; 0 for any that is free.</param>
/// <param name="AllowActions">Whether people may send messages back and discard them.</param>
internal sealed record DashboardArguments(BrokerAddress Broker, int Port, bool AllowActions)
{
    /// <summary>The address to listen on; <see langword="null"/> for all.</summary>
    public IPAddress? Listen { get; init; } = IPAddress.Loopback;

    /// <summary>A file with the token that people log in by; absent: people on this machine alone may look.</summary>
    public string? TokenFile { get; init; }

    /// <summary>What is shown to browsers over TLS; absent: plain HTTP.</summary>
    public SslStreamCertificateContext? Certificate { get; init; }

    /// <summary>Whether nobody on another machine can reach it.</summary>
    public bool IsForThisMachine => Listen is { } address && IPAddress.IsLoopback(address);
}
