using JobRunner.Bus.Cli.Commands;
using RabbitMQ.Client;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>Where the broker is and who asks. Never shows the password.</summary>
internal sealed class BrokerAddress
{
    /// <summary>The environment variable that names the broker.</summary>
    public const string Variable = "JobRunner__RabbitMq__Uri";

    private readonly Uri _uri;

    private BrokerAddress(Uri uri) => _uri = uri;

    /// <summary>Host and port.</summary>
    public string Endpoint => $"{NewFactory("").HostName}:{NewFactory("").Endpoint.Port}";

    /// <summary>The user who asks.</summary>
    public string User => NewFactory("").UserName;

    /// <summary>The virtual host asked for.</summary>
    public string VirtualHost => NewFactory("").VirtualHost;

    /// <summary>The address of option <c>--broker</c>, or of the environment.</summary>
    /// <exception cref="UsageException">There is none, or it is wrong.</exception>
    public static BrokerAddress From(string? option, Func<string, string?> environment)
    {
        if (!string.IsNullOrWhiteSpace(option))
        {
            return Parse(option, "--broker");
        }

        var variable = environment(Variable);
        return string.IsNullOrWhiteSpace(variable)
            ? throw new UsageException(
                $"no broker is named: give --broker amqp://user:password@host:5672/vhost, or set {Variable}")
            : Parse(variable, Variable);
    }

    /// <summary>What connects there. The connection does not come back by itself: its queues would not, either.</summary>
    public ConnectionFactory NewFactory(string clientName) => new()
    {
        Uri = _uri,
        AutomaticRecoveryEnabled = false,
        RequestedConnectionTimeout = TimeSpan.FromSeconds(10),
        ClientProvidedName = clientName,
    };

    /// <summary>Host, port and virtual host, without user and password.</summary>
    public override string ToString() => $"{Endpoint}, virtual host \"{VirtualHost}\"";

    private static BrokerAddress Parse(string text, string setting)
    {
        // The text may hold a password: it is not repeated.
        const string Wanted = "amqp://user:password@host:5672/vhost (amqps:// for TLS); write / in a virtual host as %2F";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
        {
            throw new UsageException($"{setting} is not the address of a broker; it must look like {Wanted}");
        }

        var address = new BrokerAddress(uri);
        try
        {
            _ = address.NewFactory("");
            return address;
        }
        catch (ArgumentException)
        {
            throw new UsageException($"{setting} has parts a broker's address has not; it must look like {Wanted}");
        }
    }
}
