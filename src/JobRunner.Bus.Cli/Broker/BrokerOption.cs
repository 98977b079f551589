using JobRunner.Bus.Cli.Commands;
using JobRunner.Bus.RabbitMq;

namespace JobRunner.Bus.Cli.Broker;

/// <summary>The broker that a command is to use.</summary>
internal static class BrokerOption
{
    /// <summary>The environment variable that names the broker.</summary>
    public const string Variable = "JobRunner__RabbitMq__Uri";

    /// <summary>The address of an option, or of the environment; all else is from the environment.</summary>
    /// <param name="option">What was given.</param>
    /// <param name="environment">Reads an environment variable.</param>
    /// <param name="name">The option's name.</param>
    /// <exception cref="UsageException">There is none, or it is wrong.</exception>
    public static BrokerAddress Read(string? option, Func<string, string?> environment, string name = "--broker")
    {
        var fromOption = !string.IsNullOrWhiteSpace(option);
        var settings = RabbitMqOptions.FromEnvironment(environment);
        if (fromOption)
        {
            settings.Uri = option;
            settings.UriFile = null;
        }

        if (string.IsNullOrWhiteSpace(settings.Uri) && string.IsNullOrEmpty(settings.UriFile))
        {
            throw new UsageException($"no broker is named: give --broker amqp://user:password@host:5672/vhost, or set {Variable}");
        }

        if (fromOption && !RabbitMqRules.IsAddress(option!))
        {
            // The text may hold a password: it is not repeated.
            throw new UsageException(
                $"{name} is not the address of a broker; it must look like amqp://user:password@host:5672/vhost (amqps:// for TLS); "
                + "write / in a virtual host as %2F");
        }

        var wrong = BrokerAddress.Problems(settings);
        return wrong.Count == 0 ? new BrokerAddress(settings) : throw new UsageException(string.Join(Environment.NewLine, wrong));
    }
}
