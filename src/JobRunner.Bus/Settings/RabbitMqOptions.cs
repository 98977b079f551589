namespace JobRunner.Bus.Settings;

/// <summary>Section <c>JobRunner:RabbitMq</c>: where the broker is.</summary>
public sealed class RabbitMqOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner:RabbitMq";

    /// <summary>
    /// <c>amqp://user:pass@host:port/vhost</c>, or <c>amqps://…</c> for TLS. Needed for the RabbitMq transport; special
    /// characters in user, password and vhost are percent-encoded.
    /// </summary>
    public string? Uri { get; set; }

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
}
