using JobRunner.Bus.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using static JobRunner.Bus.Delivery.RequestManager.RequestManagerAccessRules;

namespace JobRunner.Bus.Delivery.RequestManager;

/// <summary>The secret headers that go with every request; none unless the settings name them.</summary>
internal sealed class RequestManagerCredentials
{
    // A short value would blot out innocent words.
    private const int LeastToBlot = 6;

    private readonly List<(string Header, string Prefix, WatchedFile<string> File)> _headers = [];

    private RequestManagerCredentials(RequestManagerOptions options, TimeProvider time, ILogger logger)
    {
        if (IsGiven(options.BearerTokenFile))
        {
            Add("Authorization", "Bearer ", nameof(options.BearerTokenFile), options.BearerTokenFile!);
        }

        if (IsGiven(options.HeaderName) && IsGiven(options.HeaderValueFile))
        {
            Add(options.HeaderName!, "", nameof(options.HeaderValueFile), options.HeaderValueFile!);
        }

        void Add(string header, string prefix, string setting, string path) => _headers.Add((
            header, prefix, new WatchedFile<string>(Name(setting), [path], texts => SecretFiles.Secret(Name(setting), texts[0]), time, logger)));
    }

    /// <summary>What the settings ask for.</summary>
    public static RequestManagerCredentials From(IServiceProvider services) => new(
        services.GetRequiredService<IOptions<RequestManagerOptions>>().Value,
        services.GetRequiredService<TimeProvider>(),
        services.GetRequiredService<ILogger<RequestManagerCredentials>>());

    /// <summary>Puts them on a request, in the place of those of an earlier attempt.</summary>
    public void AddTo(HttpRequestMessage request)
    {
        foreach (var (header, prefix, file) in _headers)
        {
            request.Headers.Remove(header);
            request.Headers.TryAddWithoutValidation(header, prefix + file.Value);
        }
    }

    /// <summary>The text without the secrets: an answer may repeat what it was asked with, and answers are logged.</summary>
    public string Blot(string text)
    {
        foreach (var (_, _, file) in _headers)
        {
            if (file.Value is { Length: >= LeastToBlot } secret)
            {
                text = text.Replace(secret, "***", StringComparison.Ordinal);
            }
        }

        return text;
    }
}
