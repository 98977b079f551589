using System.Globalization;
using JobRunner.Bus.Delivery;
using JobRunner.Bus.RabbitMq;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>A message of an error queue. Its body may be anything: what cannot be read of it is missing here.</summary>
internal sealed record ErrorMessage
{
    /// <summary>The queue it came from: <c>run-job</c> or <c>job-log-recorded</c>.</summary>
    public required string Queue { get; init; }

    /// <summary>What the broker knows this delivery by.</summary>
    public required ulong DeliveryTag { get; init; }

    /// <summary>AMQP properties, headers in them.</summary>
    public required IReadOnlyBasicProperties Properties { get; init; }

    /// <summary>The body, as it came; let go of where it is not needed any more.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>How long the body was, bytes.</summary>
    public int BodyBytes { get; private init; }

    /// <summary>Whose it is.</summary>
    public string? RequestId { get; private init; }

    /// <summary>Which job.</summary>
    public string? JobId { get; private init; }

    /// <summary>The try logged, or the one a command was to begin with.</summary>
    public long? Try { get; private init; }

    /// <summary>When it was put into the error queue.</summary>
    public DateTimeOffset? FailedAt { get; private init; }

    /// <summary>Why.</summary>
    public string Reason { get; private init; } = "";

    /// <summary>Reads a delivery.</summary>
    public static ErrorMessage Of(string queue, ulong deliveryTag, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body)
    {
        var message = new ErrorMessage
        {
            Queue = queue,
            DeliveryTag = deliveryTag,
            Properties = properties,
            Body = body,
            BodyBytes = body.Length,
            Reason = HeaderText.Of(properties, "MT-Fault-Message") ?? "",
            FailedAt = DateTimeOffset.TryParse(
                HeaderText.Of(properties, "MT-Fault-Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
                ? time
                : null,
        };
        if (queue == Names.RunJob)
        {
            var command = PartialCommand.Read(message.Content.Span);
            return message with
            {
                RequestId = NullIfEmpty(command.RequestId),
                JobId = NullIfEmpty(command.JobId),
                Try = command.NamesJob ? 1 + command.TotalTries : null,
            };
        }

        var log = PartialLog.Read(message.Content.Span);
        return message with { RequestId = NullIfEmpty(log.RequestId), JobId = NullIfEmpty(log.JobId), Try = log.Try };
    }

    /// <summary>The message itself, out of its envelope if it has one.</summary>
    public ReadOnlyMemory<byte> Content => WireEnvelope.Is(Properties.ContentType) ? WireEnvelope.Open(Body) : Body;

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;
}
