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
    /// How long a starting worker asks again when the broker refuses it, or is not as it must be, before the process ends:
    /// 0 to 1 day, default 0. For brokers that are set up beside their workers.
    /// </summary>
    public TimeSpan Patience { get; set; }
}
