using JobRunner.Bus.Contracts;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Serialization;
using JobRunner.Bus.Settings;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Receive;

/// <summary>A command as it came from the broker. Holds copies only: what the client hands out is gone after the call.</summary>
/// <param name="Tag">Its number on its channel.</param>
/// <param name="Redelivered">Whether the broker has delivered it before.</param>
/// <param name="Properties">Its AMQP properties.</param>
/// <param name="Body">Its body.</param>
internal sealed record ReceivedCommand(ulong Tag, bool Redelivered, IReadOnlyBasicProperties Properties, byte[] Body)
{
    public bool IsEnvelope => WireEnvelope.Is(Properties.ContentType);

    /// <summary>Reads the command.</summary>
    /// <exception cref="WireFormatException">It is no command.</exception>
    /// <exception cref="RefusedException">It is one that cannot be run.</exception>
    public CommandDelivery Read(WorkerOptions options)
    {
        var command = IsEnvelope ? WireDeserializer<RunJob>.MessageIn(Body) : Wire.Deserialize<RunJob>(Body);
        CommandRules.Require(command, Body.Length, options);
        var sentAt = command.SentAt ?? Properties.SentAt();
        if (command.SentAt is null && sentAt is not null)
        {
            // So that its end and its next leg know it, too.
            command = command with { SentAt = sentAt };
        }

        var marked = Properties.Headers is { Count: > 0 };
        var redelivered = Redelivered || (marked && Properties.TextHeader(WorkerHeaders.DeliveredBefore) is not null);
        var delivery = marked
            ? new CommandDelivery(command, sentAt, AmqpFacts.LegOf(Properties.TextHeader), AmqpFacts.DueAtOf(Properties.TextHeader))
            : new CommandDelivery(command, sentAt, RunLeg.First, null);
        return delivery with { Redelivered = redelivered, WasRedelivered = redelivered };
    }
}
