using RabbitMQ.Client;

namespace JobRunner.Bus.RabbitMq;

/// <summary>How every connection to the broker is made, whoever makes it: who it says it is, and how it checks the broker.</summary>
internal static class BrokerClient
{
    /// <summary>Name of this software in the broker's list of connections.</summary>
    public const string Product = "JobRunner.Bus";

    private static readonly string Version = typeof(BrokerClient).Assembly.GetName().Version?.ToString(3) ?? "";

    /// <summary>What connects to the broker of these settings. The connection does not come back by itself.</summary>
    /// <exception cref="IOException">A file cannot be read; the message names the setting.</exception>
    public static ConnectionFactory NewFactory(RabbitMqOptions options, string clientName)
    {
        var factory = new ConnectionFactory
        {
            Uri = new Uri(options.Uri!),
            AutomaticRecoveryEnabled = false,
            RequestedHeartbeat = Heartbeats.Usual,
            ClientProvidedName = clientName,
        };
        Prepare(factory, options);
        if (options.Auth == RabbitMqAuth.External)
        {
            // Not sent: it is who asks, in messages.
            using var certificate = BrokerTls.ClientCertificate(options);
            factory.UserName = certificate?.Subject ?? "";
        }

        return factory;
    }

    /// <summary>Prepares a factory likewise. Files are read anew: renewed certificates count from the next connection on.</summary>
    /// <exception cref="IOException">A file cannot be read; the message names the setting.</exception>
    public static void Prepare(ConnectionFactory factory, RabbitMqOptions options)
    {
        if (options.Auth == RabbitMqAuth.External)
        {
            factory.AuthMechanisms = [new ExternalMechanismFactory()];
        }

        factory.ClientProperties["product"] = Product;
        factory.ClientProperties["version"] = Version;
        if (options.UsesTls)
        {
            factory.Ssl = BrokerTls.For(options, new Uri(options.Uri!).Host);
        }
    }

    /// <summary>Gives somebody else's factory the login as it is in the settings and their files now.</summary>
    /// <exception cref="IOException">A file cannot be read; the message names the setting.</exception>
    public static void Refresh(ConnectionFactory factory, RabbitMqOptions options)
    {
        var current = RabbitMqSecrets.Current(options);
        Prepare(factory, current);
        var login = new ConnectionFactory { Uri = new Uri(current.Uri!) };
        (factory.UserName, factory.Password) = (login.UserName, login.Password);
    }
}
