namespace JobRunner.Bus.Settings;

/// <summary>Section <c>JobRunner:RabbitMq</c>: where the broker is.</summary>
public sealed class RabbitMqOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner:RabbitMq";

    /// <summary>
    /// <c>amqp://user:pass@host:port/vhost</c>, or <c>amqps://…</c> for TLS. Needed for the RabbitMq transport, unless
    /// <see cref="UriFile"/> is set; special characters in user, password and vhost are percent-encoded.
    /// </summary>
    public string? Uri { get; set; }

    /// <summary>A file that holds <see cref="Uri"/>, such as a mounted secret; instead of it.</summary>
    public string? UriFile { get; set; }

    /// <summary>A file that holds the password as it is, not percent-encoded; it goes before one in the address.</summary>
    public string? PasswordFile { get; set; }

    /// <summary>A PEM file with the certificate authorities to trust, instead of the system's. With <c>amqps://</c>.</summary>
    public string? CaFile { get; set; }

    /// <summary>A PEM file with the client certificate to show to the broker. With <see cref="KeyFile"/>.</summary>
    public string? CertFile { get; set; }

    /// <summary>A PEM file with the private key of <see cref="CertFile"/>, unencrypted.</summary>
    public string? KeyFile { get; set; }

    /// <summary>
    /// Further nodes of a cluster, as <c>host:port</c> or <c>host</c>, separated by commas; default none. A worker connects to any
    /// node and moves to another when it loses one. User, virtual host, TLS, and the port where none is given, are those of
    /// <see cref="Uri"/>.
    /// </summary>
    public string? Nodes { get; set; }

    /// <summary>
    /// How long a starting worker asks again when the broker refuses it, or is not as it must be, before the process ends:
    /// 0 to 1 day, default 0. For brokers that are set up beside their workers.
    /// </summary>
    public TimeSpan Patience { get; set; }

    /// <summary>Why a file of a secret could not be read.</summary>
    internal string? Unreadable { get; set; }

    /// <summary>Whether connections are encrypted.</summary>
    internal bool UsesTls => Uri?.StartsWith("amqps:", StringComparison.OrdinalIgnoreCase) == true;
}
