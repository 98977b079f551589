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
}
