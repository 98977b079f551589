using System.Globalization;
using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>The nodes of a broker: the one that its address names, and those of <see cref="RabbitMqOptions.Nodes"/>.</summary>
internal static class BrokerNodes
{
    /// <summary>Every node once, as something to connect to; the address's own first.</summary>
    public static IReadOnlyList<AmqpTcpEndpoint> Of(RabbitMqOptions options)
    {
        var address = new ConnectionFactory { Uri = new Uri(options.Uri!) };
        var first = address.Endpoint;
        return
        [
            .. Others(options.Nodes)
                .Select(node => (node.Host, Port: node.Port ?? first.Port))
                .Where(node => node != (first.HostName, first.Port))
                .Distinct()
                .Select(node => new AmqpTcpEndpoint(node.Host, node.Port, new SslOption(node.Host, enabled: first.Ssl.Enabled)))
                .Prepend(first),
        ];
    }

    /// <summary>The same, as connections are made to them: with TLS where the address asks for it.</summary>
    /// <exception cref="IOException">A file of TLS cannot be read; the message names the setting.</exception>
    public static IReadOnlyList<AmqpTcpEndpoint> ToConnectTo(RabbitMqOptions options) => options.UsesTls
        ? [.. Of(options).Select(node => new AmqpTcpEndpoint(node.HostName, node.Port, BrokerTls.For(options, node.HostName)))]
        : Of(options);

    /// <summary>Whether a list of nodes can be read.</summary>
    public static bool AreWellFormed(string? nodes)
    {
        try
        {
            return Others(nodes).Count >= 0;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static List<(string Host, int? Port)> Others(string? nodes) =>
        [.. (nodes ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(Parse)];

    private static (string Host, int? Port) Parse(string node)
    {
        var parts = node.Split(':');
        if (parts.Length > 2 || Uri.CheckHostName(parts[0]) is UriHostNameType.Unknown or UriHostNameType.IPv6)
        {
            throw new FormatException();
        }

        return parts.Length == 1 ? (parts[0], null)
            : int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65_535 ? (parts[0], port)
            : throw new FormatException();
    }
}
