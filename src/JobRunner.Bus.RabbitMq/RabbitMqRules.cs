namespace JobRunner.Bus.RabbitMq;

/// <summary>What is wrong with a broker's settings, each by the name it has in the environment.</summary>
internal static class RabbitMqRules
{
    private const string MustBeAddress = "must be amqp://user:password@host:port/vhost, or amqps:// for TLS";

    /// <summary>All that is wrong; nothing when the settings can be used. No password is shown.</summary>
    public static IReadOnlyList<string> Problems(RabbitMqOptions options)
    {
        if (options.Unreadable is { } unreadable)
        {
            return [unreadable];
        }

        List<string> wrong = [];
        if (string.IsNullOrWhiteSpace(options.Uri))
        {
            wrong.Add(Wrong(nameof(options.Uri), "", MustBeAddress));
        }
        else if (!IsAddress(options.Uri))
        {
            // The value may hold a password: never echo it.
            wrong.Add(Wrong(nameof(options.Uri), "(not shown)", MustBeAddress));
        }
        else
        {
            wrong.AddRange(TlsProblems(options));
        }

        if (!BrokerNodes.AreWellFormed(options.Nodes))
        {
            wrong.Add(Wrong(nameof(options.Nodes), options.Nodes!, "must be hosts with or without a port, separated by commas, such as rabbit2:5672,rabbit3"));
        }

        if (options.Patience < TimeSpan.Zero || options.Patience > TimeSpan.FromDays(1))
        {
            wrong.Add(Wrong(nameof(options.Patience), options.Patience.ToString(), $"must be from {TimeSpan.Zero} to {TimeSpan.FromDays(1)}"));
        }

        return wrong;
    }

    /// <summary>Whether a text is the address of a broker. The client's own errors about it come late, and one of them shows the password.</summary>
    public static bool IsAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "amqp" or "amqps" && uri.Host.Length > 0
        && uri.UserInfo.Count(character => character == ':') <= 1 && uri.AbsolutePath.Count(character => character == '/') <= 1;

    private static IEnumerable<string> TlsProblems(RabbitMqOptions options)
    {
        (string Name, string? Value)[] ofTls =
        [
            (nameof(options.CaFile), options.CaFile),
            (nameof(options.CertFile), options.CertFile),
            (nameof(options.KeyFile), options.KeyFile),
            (nameof(options.ServerName), options.ServerName),
        ];
        foreach (var (name, value) in ofTls.Where(setting => !string.IsNullOrEmpty(setting.Value) && !options.UsesTls))
        {
            yield return Wrong(name, value!, "is of use only with an address that begins with amqps://");
        }

        if (string.IsNullOrEmpty(options.CertFile) != string.IsNullOrEmpty(options.KeyFile))
        {
            var missing = string.IsNullOrEmpty(options.CertFile) ? nameof(options.CertFile) : nameof(options.KeyFile);
            yield return Wrong(missing, "", "must be set too: a client certificate has a file for itself and one for its key");
        }

        if (options.Auth == RabbitMqAuth.External)
        {
            if (!options.UsesTls || string.IsNullOrEmpty(options.CertFile))
            {
                yield return Wrong(
                    nameof(options.Auth), nameof(RabbitMqAuth.External), "needs an address that begins with amqps://, CertFile and KeyFile: the certificate is the login");
            }

            if (!string.IsNullOrEmpty(options.PasswordFile))
            {
                yield return Wrong(nameof(options.PasswordFile), options.PasswordFile, "is of no use with Auth External: the certificate is the login");
            }
        }

        foreach (var problem in BrokerTls.Problems(options))
        {
            yield return problem;
        }
    }

    private static string Wrong(string name, string value, string must) => $"{RabbitMqOptions.Variable(name)} is \"{value}\"; it {must}";
}
