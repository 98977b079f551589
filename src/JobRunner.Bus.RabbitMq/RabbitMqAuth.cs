namespace JobRunner.Bus.RabbitMq;

/// <summary>How to log in to the broker.</summary>
public enum RabbitMqAuth
{
    /// <summary>By user and password (SASL PLAIN).</summary>
    Password,

    /// <summary>
    /// By the client certificate (SASL EXTERNAL): the broker makes the user of it. It needs RabbitMQ's plugin
    /// <c>rabbitmq_auth_mechanism_ssl</c>.
    /// </summary>
    External,
}
