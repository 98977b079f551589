namespace JobRunner.Bus.RabbitMq;

/// <summary>Reads what of the broker's address is in files.</summary>
internal static class RabbitMqSecrets
{
    /// <summary>Puts it into the address. What cannot be read is told by <see cref="RabbitMqOptions.Unreadable"/>.</summary>
    public static void ReadInto(RabbitMqOptions options)
    {
        if (options.UriFile is { Length: > 0 } uriFile)
        {
            if (!string.IsNullOrEmpty(options.Uri))
            {
                options.Unreadable = "JobRunner__RabbitMq__Uri and JobRunner__RabbitMq__UriFile are both set; there can be only one";
                return;
            }

            options.Uri = Read(options, nameof(options.UriFile), uriFile);
        }

        if (options.PasswordFile is { Length: > 0 } passwordFile && Read(options, nameof(options.PasswordFile), passwordFile) is { } password
            && Uri.TryCreate(options.Uri, UriKind.Absolute, out var uri))
        {
            if (uri.UserInfo.Length == 0 || uri.UserInfo[0] == ':')
            {
                options.Unreadable = "JobRunner__RabbitMq__PasswordFile is set, but the broker's address names no user";
                return;
            }

            options.Uri = new UriBuilder(uri) { Password = Uri.EscapeDataString(password) }.Uri.AbsoluteUri;
        }
    }

    private static string? Read(RabbitMqOptions options, string setting, string file)
    {
        try
        {
            return File.ReadAllText(file).Trim();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            options.Unreadable = $"{RabbitMqOptions.Variable(setting)} is \"{file}\"; it cannot be read: {error.Message}";
            return null;
        }
    }
}
