using Microsoft.Extensions.Options;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>Tells everything that is wrong with the Request Manager's settings, by the settings' names.</summary>
internal sealed class RequestManagerOptionsRules : IValidateOptions<RequestManagerOptions>
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(10);

    public ValidateOptionsResult Validate(string? name, RequestManagerOptions options)
    {
        List<string> wrong = [];
        if (!string.IsNullOrEmpty(options.BaseUrl) && WrongUrl(options.BaseUrl) is { } reason)
        {
            wrong.Add(reason);
        }

        Between(nameof(options.AttemptTimeout), options.AttemptTimeout, TimeSpan.FromMilliseconds(10), Longest);
        Between(nameof(options.Attempts), options.Attempts, 1, 100);
        Between(nameof(options.AttemptDelay), options.AttemptDelay, TimeSpan.Zero, Longest);
        Between(nameof(options.MaxStreamBytes), options.MaxStreamBytes, 1024, 16 * 1024 * 1024);
        wrong.AddRange(RequestManagerAccessRules.Check(options));
        return wrong.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(wrong);

        void Between<T>(string setting, T value, T least, T most)
            where T : IComparable<T>
        {
            if (value.CompareTo(least) < 0 || value.CompareTo(most) > 0)
            {
                wrong.Add($"{RequestManagerOptions.SettingPrefix}{setting} is {value}; it must be from {least} to {most}");
            }
        }
    }

    private static string? WrongUrl(string text)
    {
        const string Setting = RequestManagerOptions.SettingPrefix + nameof(RequestManagerOptions.BaseUrl);
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url))
        {
            return $"{Setting} \"{text}\" must be an absolute http or https URL";
        }

        // The address may hold a password: from here on it is not repeated before that is ruled out.
        if (url.UserInfo.Length > 0)
        {
            return $"{Setting} must not hold a user name or password: a Request Manager takes none";
        }

        if (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
        {
            return $"{Setting} \"{text}\" must be an absolute http or https URL";
        }

        if (url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            return $"{Setting} \"{text}\" must end with a host or a path, without ? or #";
        }

        return url.AbsolutePath.TrimEnd('/').EndsWith("/api/v1", StringComparison.OrdinalIgnoreCase)
            ? $"{Setting} \"{text}\" must be given without /api/v1, which is added to it"
            : null;
    }
}
