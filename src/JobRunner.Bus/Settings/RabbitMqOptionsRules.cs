using JobRunner.Bus.Topology;
using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Settings;

internal sealed class RabbitMqOptionsRules(IOptions<TransportOptions> transport) : IValidateOptions<RabbitMqOptions>
{
    public ValidateOptionsResult Validate(string? name, RabbitMqOptions options)
    {
        if (transport.Value.Transport != TransportKind.RabbitMq)
        {
            return ValidateOptionsResult.Skip;
        }

        const string Must = "must be amqp://user:password@host:port/vhost, or amqps:// for TLS";
        var rules = new OptionRules(RabbitMqOptions.Section);
        if (options.Unreadable is { } unreadable)
        {
            return ValidateOptionsResult.Fail(unreadable);
        }

        if (string.IsNullOrWhiteSpace(options.Uri))
        {
            rules.Wrong(nameof(options.Uri), "", Must);
        }
        else if (!Uri.TryCreate(options.Uri, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps") || uri.Host.Length == 0
            // The client's own errors about these come late, and one of them shows the password.
            || uri.UserInfo.Count(character => character == ':') > 1 || uri.AbsolutePath.Count(character => character == '/') > 1)
        {
            // The value may hold a password: never echo it.
            rules.Wrong(nameof(options.Uri), "(not shown)", Must);
        }
        else
        {
            CheckTls(options, rules);
        }

        if (!BrokerNodes.AreWellFormed(options.Nodes))
        {
            rules.Wrong(nameof(options.Nodes), options.Nodes!, "must be hosts with or without a port, separated by commas, such as rabbit2:5672,rabbit3");
        }

        rules.Range(nameof(options.Patience), options.Patience, TimeSpan.Zero, TimeSpan.FromDays(1));
        return rules.Result();
    }

    private static void CheckTls(RabbitMqOptions options, OptionRules rules)
    {
        foreach (var (name, file) in new[] { (nameof(options.CaFile), options.CaFile), (nameof(options.CertFile), options.CertFile), (nameof(options.KeyFile), options.KeyFile) })
        {
            if (!string.IsNullOrEmpty(file) && !options.UsesTls)
            {
                rules.Wrong(name, file, "is of use only with an address that begins with amqps://");
            }
        }

        if (string.IsNullOrEmpty(options.CertFile) != string.IsNullOrEmpty(options.KeyFile))
        {
            var missing = string.IsNullOrEmpty(options.CertFile) ? nameof(options.CertFile) : nameof(options.KeyFile);
            rules.Wrong(missing, "", "must be set too: a client certificate has a file for itself and one for its key");
        }

        foreach (var problem in BrokerTls.Problems(options))
        {
            rules.Wrong(problem);
        }
    }
}
