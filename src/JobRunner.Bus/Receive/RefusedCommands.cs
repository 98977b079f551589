using System.Globalization;
using JobRunner.Bus.Refusals;
using JobRunner.Bus.Topology;
using MassTransit;
using RabbitMQ.Client;

namespace JobRunner.Bus.Receive;

/// <summary>
/// Puts a command that could not be run into the error queue, as it came, with the reason in the headers that MassTransit uses;
/// its scheduler is told before.
/// </summary>
internal sealed class RefusedCommands(RefusalNotes notes, BrokerLink link, UntilAccepted until, TimeProvider time)
{
    public async Task RefuseAsync(ReceivedCommand command, Exception error, CancellationToken lost)
    {
        await notes.TellAsync(command.Body, command.IsEnvelope, error);
        var properties = new BasicProperties(command.Properties) { Headers = Headers(command, error), DeliveryMode = DeliveryModes.Persistent };
        // Else it would expire where it is to wait for a person.
        properties.ClearExpiration();
        await until.RunAsync(
            "a refused command",
            token => link.PublishAsync(Names.ErrorQueue(Names.RunJob), "", properties, command.Body, mandatory: true, token),
            lost);
    }

    private Dictionary<string, object?> Headers(ReceivedCommand command, Exception error)
    {
        var headers = command.Properties.Headers is { } had ? new Dictionary<string, object?>(had, StringComparer.Ordinal) : [];
        headers[MessageHeaders.Reason] = "fault";
        headers[MessageHeaders.FaultExceptionType] = error.GetType().FullName;
        headers[MessageHeaders.FaultMessage] = Reasons.Bounded(error.Message);
        headers[MessageHeaders.FaultTimestamp] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture);
        headers[MessageHeaders.FaultStackTrace] = Reasons.Bounded(error.StackTrace ?? "");
        return headers;
    }
}
