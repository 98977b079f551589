namespace JobRunner.Bus.RabbitMq;

/// <summary>
/// Where the broker is and how to log in: section <c>JobRunner:RabbitMq</c> of a worker's settings, and the same for a
/// scheduler.
/// </summary>
public sealed class RabbitMqOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner:RabbitMq";

    /// <summary>
    /// <c>amqp://user:pass@host:port/vhost</c>, or <c>amqps://…</c> for TLS. Needed for the RabbitMq transport, unless
    /// <see cref="UriFile"/> is set; special characters in user, password and vhost are percent-encoded. Never
    /// shown in messages.
    /// </summary>
    public string? Uri { get; set; }

    /// <summary>A file that holds <see cref="Uri"/>, such as a mounted secret; instead of it. Read again for each connection.</summary>
    public string? UriFile { get; set; }

    /// <summary>
    /// A file that holds the password as it is, not percent-encoded; it goes before one in the address. Read again for each
    /// connection.
    /// </summary>
    public string? PasswordFile { get; set; }

    /// <summary>
    /// How to log in; default <see cref="RabbitMqAuth.Password"/>. <see cref="RabbitMqAuth.External"/> needs
    /// <see cref="CertFile"/>.
    /// </summary>
    public RabbitMqAuth Auth { get; set; }

    /// <summary>A PEM file with the certificate authorities to trust, instead of the system's. With <c>amqps://</c>.</summary>
    public string? CaFile { get; set; }

    /// <summary>A PEM file with the client certificate to show to the broker. With <see cref="KeyFile"/>.</summary>
    public string? CertFile { get; set; }

    /// <summary>A PEM file with the private key of <see cref="CertFile"/>, unencrypted.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// The name that the broker's certificate must be for, whatever host is connected to; default that host. With
    /// <c>amqps://</c>.
    /// </summary>
    public string? ServerName { get; set; }

    /// <summary>
    /// Further nodes of a cluster, as <c>host:port</c> or <c>host</c>, separated by commas; default none. Connections are made to
    /// any node, and to another when it is lost. User, virtual host, TLS, and the port where none is given, are those of
    /// <see cref="Uri"/>.
    /// </summary>
    public string? Nodes { get; set; }

    /// <summary>
    /// Workers only. How long a starting worker asks again when the broker refuses it, or is not as it must be, before the
    /// process ends: 0 to 1 day, default 0. For brokers that are set up beside their workers.
    /// </summary>
    public TimeSpan Patience { get; set; }

    /// <summary>Why a file of a secret could not be read, or an environment variable not be understood.</summary>
    internal string? Unreadable { get; set; }

    /// <summary>Whether <see cref="Uri"/> was read from <see cref="UriFile"/>, and is read again.</summary>
    internal bool UriIsFromFile { get; set; }

    /// <summary>Whether connections are encrypted.</summary>
    internal bool UsesTls => Uri?.StartsWith("amqps:", StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>
    /// The settings in the environment variables <c>JobRunner__RabbitMq__Uri</c>, <c>JobRunner__RabbitMq__CaFile</c> and so
    /// on; those that are not set are as in a new object.
    /// </summary>
    /// <param name="variable">Reads a variable; the process's environment if absent.</param>
    public static RabbitMqOptions FromEnvironment(Func<string, string?>? variable = null)
    {
        var options = new RabbitMqOptions
        {
            Uri = Read(nameof(Uri)),
            UriFile = Read(nameof(UriFile)),
            PasswordFile = Read(nameof(PasswordFile)),
            CaFile = Read(nameof(CaFile)),
            CertFile = Read(nameof(CertFile)),
            KeyFile = Read(nameof(KeyFile)),
            ServerName = Read(nameof(ServerName)),
            Nodes = Read(nameof(Nodes)),
        };
        if (Read(nameof(Auth)) is { Length: > 0 } text)
        {
            if (Enum.TryParse<RabbitMqAuth>(text, ignoreCase: true, out var auth) && Enum.IsDefined(auth))
            {
                options.Auth = auth;
            }
            else
            {
                options.Unreadable = $"{Variable(nameof(Auth))} is \"{text}\"; it must be {nameof(RabbitMqAuth.Password)} or {nameof(RabbitMqAuth.External)}";
            }
        }

        return options;

        string? Read(string name) => (variable ?? Environment.GetEnvironmentVariable)(Variable(name));
    }

    /// <summary>Name of a setting in the environment.</summary>
    internal static string Variable(string name) => $"{Section}:{name}".Replace(":", "__", StringComparison.Ordinal);

    /// <summary>A copy of its own.</summary>
    internal RabbitMqOptions Clone() => (RabbitMqOptions)MemberwiseClone();
}
