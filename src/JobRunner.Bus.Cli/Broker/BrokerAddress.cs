using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>Where the broker is and who asks. Never shows the password.</summary>
internal sealed class BrokerAddress
{
    /// <summary>The environment variable that names the broker.</summary>
    public const string Variable = "JobRunner__RabbitMq__Uri";

    private readonly RabbitMqOptions _options;

    private BrokerAddress(RabbitMqOptions options) => _options = options;

    /// <summary>Host and port.</summary>
    public string Endpoint => $"{NewFactory("").HostName}:{NewFactory("").Endpoint.Port}";

    /// <summary>Whether the connection is encrypted.</summary>
    public bool UsesTls => _options.UsesTls;

    /// <summary>The user who asks.</summary>
    public string User => NewFactory("").UserName;

    /// <summary>The virtual host asked for.</summary>
    public string VirtualHost => NewFactory("").VirtualHost;

    /// <summary>The address of option <c>--broker</c>, or of the environment.</summary>
    /// <exception cref="UsageException">There is none, or it is wrong.</exception>
    public static BrokerAddress From(string? option, Func<string, string?> environment)
    {
        var fromOption = !string.IsNullOrWhiteSpace(option);
        var options = new RabbitMqOptions
        {
            Uri = fromOption ? option : environment(Variable),
            UriFile = fromOption ? null : environment($"{Variable}File"),
            PasswordFile = Setting(nameof(RabbitMqOptions.PasswordFile)),
            CaFile = Setting(nameof(RabbitMqOptions.CaFile)),
            CertFile = Setting(nameof(RabbitMqOptions.CertFile)),
            KeyFile = Setting(nameof(RabbitMqOptions.KeyFile)),
        };
        new RabbitMqSecrets().PostConfigure(null, options);
        if (options.Unreadable is { } unreadable)
        {
            throw new UsageException(unreadable);
        }

        return string.IsNullOrWhiteSpace(options.Uri)
            ? throw new UsageException(
                $"no broker is named: give --broker amqp://user:password@host:5672/vhost, or set {Variable}")
            : Parse(options, fromOption ? "--broker" : Variable);

        string? Setting(string name) => environment($"JobRunner__RabbitMq__{name}");
    }

    /// <summary>The address in settings that were found good.</summary>
    public static BrokerAddress Of(RabbitMqOptions options) => new(options);

    /// <summary>What connects there. The connection does not come back by itself: its queues would not, either.</summary>
    public ConnectionFactory NewFactory(string clientName)
    {
        var factory = BrokerClient.NewFactory(_options, clientName);
        factory.RequestedConnectionTimeout = TimeSpan.FromSeconds(10);
        return factory;
    }

    /// <summary>Host, port and virtual host, without user and password.</summary>
    public override string ToString() => $"{Endpoint}, virtual host \"{VirtualHost}\"";

    private static BrokerAddress Parse(RabbitMqOptions options, string setting)
    {
        // The text may hold a password: it is not repeated.
        const string Wanted = "amqp://user:password@host:5672/vhost (amqps:// for TLS); write / in a virtual host as %2F";
        if (!Uri.TryCreate(options.Uri, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps"))
        {
            throw new UsageException($"{setting} is not the address of a broker; it must look like {Wanted}");
        }

        var address = new BrokerAddress(options);
        try
        {
            // Checked first: the client's own error would show the address.
            _ = new ConnectionFactory { Uri = uri };
            var wrong = new RabbitMqOptionsRules(Options.Create(new TransportOptions { Transport = TransportKind.RabbitMq })).Validate(null, options);
            return wrong.Failed ? throw new UsageException(string.Join(Environment.NewLine, wrong.Failures)) : address;
        }
        catch (ArgumentException)
        {
            throw new UsageException($"{setting} has parts a broker's address has not; it must look like {Wanted}");
        }
    }
}
