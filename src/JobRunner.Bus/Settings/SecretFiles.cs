using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace JobRunner.Bus.Settings;

/// <summary>
/// Reads tokens, keys and certificates from files. A message tells the setting, the path and what is wrong, never what the
/// file holds.
/// </summary>
internal static partial class SecretFiles
{
    private const int MaxBytes = 1024 * 1024;

    /// <summary>The text of a file.</summary>
    /// <exception cref="FormatException">It cannot be read.</exception>
    public static string Read(string setting, string path)
    {
        try
        {
            return new FileInfo(path) is { Exists: true, Length: > MaxBytes }
                ? throw new FormatException($"{setting} \"{path}\" has more than {MaxBytes} bytes; is it the right file?")
                : File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"{setting} \"{path}\" cannot be read: {Reason(error, path)}", error);
        }
    }

    /// <summary>A token or header value: the text without white space around it.</summary>
    /// <exception cref="FormatException">It is empty, or could not stand in a header.</exception>
    public static string Secret(string setting, string text)
    {
        var secret = text.Trim();
        if (secret.Length == 0)
        {
            throw new FormatException($"{setting}: the file is empty");
        }

        return secret.All(letter => letter is >= ' ' and <= '~')
            ? secret
            : throw new FormatException($"{setting}: the file must hold one line of visible ASCII characters and nothing else");
    }

    /// <summary>The certificates of authorities.</summary>
    /// <exception cref="FormatException">There are none.</exception>
    public static X509Certificate2Collection Authorities(string setting, string pem) => Certificates(setting, pem);

    /// <summary>The certificate to show, with its key and the certificates between it and its authority.</summary>
    /// <exception cref="FormatException">There is none, or the key is not its key.</exception>
    public static SslStreamCertificateContext Client(string setting, string keySetting, string certificatePem, string keyPem)
    {
        var certificates = Certificates(setting, certificatePem);
        if (!PemEncoding.TryFind(keyPem, out _) || !keyPem.Contains("PRIVATE KEY", StringComparison.Ordinal))
        {
            throw new FormatException($"{keySetting}: the file holds no PEM private key (-----BEGIN PRIVATE KEY-----)");
        }

        if (keyPem.Contains("ENCRYPTED", StringComparison.Ordinal))
        {
            throw new FormatException($"{keySetting}: the private key is encrypted; give one that is not, readable by this user only");
        }

        try
        {
            var own = X509Certificate2.CreateFromPem(certificatePem, keyPem);
            certificates.RemoveAt(0);
            return SslStreamCertificateContext.Create(own, certificates, offline: true);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new FormatException(
                $"{keySetting}: the private key is not that of the first certificate of {setting}, or cannot be read", error);
        }
    }

    private static X509Certificate2Collection Certificates(string setting, string pem)
    {
        X509Certificate2Collection found = [];
        try
        {
            found.ImportFromPem(pem);
        }
        catch (CryptographicException error)
        {
            throw new FormatException($"{setting}: a certificate in the file cannot be read: {error.Message}", error);
        }

        return found.Count > 0
            ? found
            : throw new FormatException($"{setting}: the file holds no PEM certificate (-----BEGIN CERTIFICATE-----)");
    }

    private static string Reason(Exception error, string path) => error switch
    {
        FileNotFoundException or DirectoryNotFoundException => "there is no such file",
        UnauthorizedAccessException when Directory.Exists(path) => "it is a folder",
        UnauthorizedAccessException => "this user may not read it",
        _ => error.Message,
    };

    /// <summary>Tells that a file changed and cannot be used.</summary>
    [LoggerMessage(3012, LogLevel.Warning, "A file of the settings changed and cannot be used; what it held before stays in use: {Reason}")]
    public static partial void ChangedFileNotUsed(this ILogger logger, string reason);

    /// <summary>Tells that a file changed.</summary>
    [LoggerMessage(3013, LogLevel.Information, "A file of {Setting} changed; what it holds now is used from here on")]
    public static partial void ChangedFileUsed(this ILogger logger, string setting);
}
