namespace JobRunner.Bus.Settings;

/// <summary>What carries the messages.</summary>
public enum TransportKind
{
    /// <summary>The memory of this process: no server needed, nothing gets in from outside.</summary>
    InMemory,

    /// <summary>A RabbitMQ broker.</summary>
    RabbitMq,
}

/// <summary>Section <c>JobRunner</c>: the choice of transport.</summary>
public sealed class TransportOptions
{
    /// <summary>Configuration section.</summary>
    public const string Section = "JobRunner";

    /// <summary>Where the configuration has <see cref="Transport"/>.</summary>
    internal const string Path = $"{Section}:{nameof(Transport)}";

    /// <summary>
    /// What carries the messages: <c>InMemory</c> (default) or <c>RabbitMq</c>. <c>jobrunner worker</c> refuses <c>InMemory</c>, since
    /// nothing could reach it; <c>jobrunner run</c> always uses it.
    /// </summary>
    public TransportKind Transport { get; set; } = TransportKind.InMemory;
}
