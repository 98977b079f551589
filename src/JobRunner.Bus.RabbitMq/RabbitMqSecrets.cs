namespace JobRunner.Bus.RabbitMq;

/// <summary>Reads what of the broker's address is in files.</summary>
internal static class RabbitMqSecrets
{
    /// <summary>The settings with the files as they are now: a rotated password counts from the next connection on.</summary>
    /// <exception cref="IOException">A file cannot be read, or holds no address; the message names the setting.</exception>
    public static RabbitMqOptions Current(RabbitMqOptions options)
    {
        var current = Read(options);
        return current.Unreadable is { } unreadable ? throw new IOException(unreadable)
            : RabbitMqRules.IsAddress(current.Uri ?? "") ? current
            : throw new IOException(
                $"{RabbitMqOptions.Variable(nameof(options.UriFile))} is \"{options.UriFile}\"; it holds no address of a broker (half written?)");
    }

    /// <summary>The same, where what cannot be read is told by <see cref="RabbitMqOptions.Unreadable"/>.</summary>
    public static RabbitMqOptions Read(RabbitMqOptions options)
    {
        var current = options.Clone();
        if (current.Unreadable is null)
        {
            ReadInto(current);
        }

        return current;
    }

    /// <summary>Puts it into the address. What cannot be read is told by <see cref="RabbitMqOptions.Unreadable"/>.</summary>
    public static void ReadInto(RabbitMqOptions options)
    {
        if (options.UriFile is { Length: > 0 } uriFile)
        {
            if (!string.IsNullOrEmpty(options.Uri) && !options.UriIsFromFile)
            {
                options.Unreadable = "JobRunner__RabbitMq__Uri and JobRunner__RabbitMq__UriFile are both set; there can be only one";
                return;
            }

            options.Uri = Read(options, nameof(options.UriFile), uriFile);
            options.UriIsFromFile = true;
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
