using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>Where the broker is, who asks, and the way there. Never shows the password.</summary>
/// <param name="options">Settings; files of secrets are read anew for each connection.</param>
internal sealed class BrokerAddress(RabbitMqOptions options)
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    // Every address in here was found good.
    private readonly RabbitMqOptions _known = RabbitMqSecrets.Current(options);
    private readonly ConnectionFactory _parsed = BrokerClient.NewFactory(RabbitMqSecrets.Current(options), "");

    /// <summary>Host and port of each node.</summary>
    public string Endpoint => string.Join(", ", BrokerNodes.Of(_known).Select(node => $"{node.HostName}:{node.Port}"));

    /// <summary>Whether the connection is encrypted.</summary>
    public bool UsesTls => _known.UsesTls;

    /// <summary>The user's name, or the subject of the client certificate.</summary>
    public string User => _parsed.UserName;

    /// <summary>Who asks, in words.</summary>
    public string Login => options.Auth == RabbitMqAuth.External ? $"client certificate \"{User}\"" : $"user \"{User}\"";

    /// <summary>What may be wrong when the broker does not let the client in.</summary>
    public string LoginHint => options.Auth == RabbitMqAuth.External
        ? "the broker has no user of its name, or not the plugin rabbitmq_auth_mechanism_ssl"
        : "wrong password, no such user, or no access from this host";

    /// <summary>The virtual host asked for.</summary>
    public string VirtualHost => _parsed.VirtualHost;

    /// <summary>What is wrong with settings, by the name each has in the environment; nothing when they name a broker.</summary>
    public static IReadOnlyList<string> Problems(RabbitMqOptions options) => RabbitMqRules.Problems(RabbitMqSecrets.Read(options));

    /// <summary>
    /// Connects to one of the nodes. The connection does not come back by itself: its queues would not, either.
    /// </summary>
    /// <param name="clientName">Name of the connection in the broker's list.</param>
    /// <param name="configure">Changes how it is made.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="IOException">A file cannot be read; the message names the setting.</exception>
    public async Task<IConnection> ConnectAsync(string clientName, Action<ConnectionFactory>? configure, CancellationToken cancellationToken)
    {
        var current = RabbitMqSecrets.Current(options);
        var factory = BrokerClient.NewFactory(current, clientName);
        factory.RequestedConnectionTimeout = ConnectTimeout;
        configure?.Invoke(factory);
        factory.AutomaticRecoveryEnabled = false;
        var nodes = BrokerNodes.ToConnectTo(current);
        return nodes.Count == 1
            ? await factory.CreateConnectionAsync(cancellationToken)
            : await factory.CreateConnectionAsync(nodes, factory.ClientProvidedName, cancellationToken);
    }

    /// <summary>Host, port and virtual host, without user and password.</summary>
    public override string ToString() => $"{Endpoint}, virtual host \"{VirtualHost}\"";
}
