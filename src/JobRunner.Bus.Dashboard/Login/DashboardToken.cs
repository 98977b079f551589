using System.Security.Cryptography;
using System.Text;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Dashboard.Login;

/// <summary>The token that people log in with, out of a file that is read again when it changes. No more than its hash is compared.</summary>
internal sealed class DashboardToken(string path, TimeProvider time, ILogger<DashboardToken> log)
{
    private const string Setting = $"{nameof(DashboardOptions)}.{nameof(DashboardOptions.TokenFile)}";
    private const int LeastLength = 16;

    private readonly WatchedFile<string> _file = new(Setting, [path], texts => Parse(Setting, texts[0]), time, log);

    /// <summary>Of the token as it is now.</summary>
    public string Hash => _file.Value;

    /// <summary>Whether it is the token; takes as long for a wrong one.</summary>
    public bool Is(string given) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(HashOf(given)), Encoding.ASCII.GetBytes(Hash));

    /// <summary>Looks whether a file holds a token.</summary>
    /// <exception cref="FormatException">It does not; the message names the setting.</exception>
    public static void Require(string path, string setting = Setting) => Parse(setting, SecretFiles.Read(setting, path));

    private static string Parse(string setting, string text) => SecretFiles.Secret(setting, text) is { Length: >= LeastLength } token
        ? HashOf(token)
        : throw new FormatException($"{setting}: the token in the file must have at least {LeastLength} characters, made at random");

    private static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
