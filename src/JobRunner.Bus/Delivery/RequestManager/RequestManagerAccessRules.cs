using JobRunner.Bus.Settings;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>Tells what is wrong with the settings by which a worker proves who it is, and knows the Request Manager.</summary>
internal static class RequestManagerAccessRules
{
    private static readonly string[] HeadersOfOurOwn =
        ["Accept-Encoding", "Connection", "Expect", "Host", "Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Transfer-Encoding", "Upgrade"];

    /// <summary>Everything wrong; nothing when there is no Request Manager.</summary>
    public static IReadOnlyList<string> Check(RequestManagerOptions options)
    {
        if (!Uri.TryCreate(options.BaseUrl, UriKind.Absolute, out var url))
        {
            return [];
        }

        List<string> wrong = [];
        CheckTls(options, url, wrong);
        CheckSecrets(options, url, wrong);
        return wrong;
    }

    /// <summary>A setting by the name it has in the environment.</summary>
    public static string Name(string setting) => RequestManagerOptions.SettingPrefix + setting;

    private static void CheckTls(RequestManagerOptions options, Uri url, List<string> wrong)
    {
        var given = new[]
        {
            (Name: nameof(options.CaFile), Value: options.CaFile),
            (Name: nameof(options.ClientCertFile), Value: options.ClientCertFile),
            (Name: nameof(options.ClientKeyFile), Value: options.ClientKeyFile),
        }.Where(setting => IsGiven(setting.Value)).ToList();
        if (given.Count == 0)
        {
            return;
        }

        if (url.Scheme != Uri.UriSchemeHttps)
        {
            wrong.Add($"{string.Join(", ", given.Select(setting => Name(setting.Name)))}: only an https {Name(nameof(options.BaseUrl))} can use it");
        }

        if (IsGiven(options.ClientKeyFile) && !IsGiven(options.ClientCertFile))
        {
            wrong.Add($"{Name(nameof(options.ClientKeyFile))} is given without {Name(nameof(options.ClientCertFile))}");
        }

        if (IsGiven(options.CaFile))
        {
            Try(wrong, () => RequestManagerTls.ReadAuthorities([SecretFiles.Read(Name(nameof(options.CaFile)), options.CaFile!)]));
        }

        if (IsGiven(options.ClientCertFile))
        {
            Try(wrong, () => RequestManagerTls.ReadClient(options, RequestManagerTls.ClientTexts(options)));
        }
    }

    private static void CheckSecrets(RequestManagerOptions options, Uri url, List<string> wrong)
    {
        var secret = IsGiven(options.BearerTokenFile) ? nameof(options.BearerTokenFile)
            : IsGiven(options.HeaderValueFile) ? nameof(options.HeaderValueFile)
            : null;
        if (secret is not null && url.Scheme != Uri.UriSchemeHttps && !url.IsLoopback && !options.AllowSecretsOverHttp)
        {
            wrong.Add(
                $"{Name(secret)}: over plain http anyone on the way could read it; use an https {Name(nameof(options.BaseUrl))}, "
                + $"or set {Name(nameof(options.AllowSecretsOverHttp))}=true if the network is trusted");
        }

        if (IsGiven(options.HeaderName) != IsGiven(options.HeaderValueFile))
        {
            wrong.Add($"{Name(nameof(options.HeaderName))} and {Name(nameof(options.HeaderValueFile))} go together: one is missing");
        }

        if (IsGiven(options.HeaderName))
        {
            CheckHeaderName(options, wrong);
        }

        foreach (var (setting, path) in new[] { (nameof(options.BearerTokenFile), options.BearerTokenFile), (nameof(options.HeaderValueFile), options.HeaderValueFile) })
        {
            if (IsGiven(path))
            {
                Try(wrong, () => SecretFiles.Secret(Name(setting), SecretFiles.Read(Name(setting), path!)));
            }
        }
    }

    private static void CheckHeaderName(RequestManagerOptions options, List<string> wrong)
    {
        var setting = Name(nameof(options.HeaderName));
        using var request = new HttpRequestMessage();
        if (HeadersOfOurOwn.Contains(options.HeaderName, StringComparer.OrdinalIgnoreCase) || !request.Headers.TryAddWithoutValidation(options.HeaderName!, "x"))
        {
            wrong.Add($"{setting} \"{options.HeaderName}\" is no header that can be chosen; give one such as X-Api-Key");
        }
        else if (IsGiven(options.BearerTokenFile) && string.Equals(options.HeaderName, "Authorization", StringComparison.OrdinalIgnoreCase))
        {
            wrong.Add($"{setting} is Authorization, which {Name(nameof(options.BearerTokenFile))} sends already");
        }
    }

    public static bool IsGiven(string? value) => !string.IsNullOrWhiteSpace(value);

    private static void Try(List<string> wrong, Func<object> read)
    {
        try
        {
            _ = read();
        }
        catch (FormatException error)
        {
            wrong.Add(error.Message);
        }
    }
}
