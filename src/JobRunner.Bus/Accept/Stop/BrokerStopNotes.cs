using JobRunner.Bus.Accept.Wait;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Accept.Stop;

/// <summary>Writes notes to the stream of stops, which every worker reads.</summary>
internal sealed class BrokerStopNotes(BrokerLink link, StopBook book, UntilAccepted until, TimeProvider time) : IStopNotes
{
    public Task SettledAsync(ParkedRun parked)
    {
        book.Settle(parked.Leg);
        return WriteAsync("a note about a stop", WorkerHeaders.Settled, parked.Leg, new StopJob
        {
            RequestId = parked.Key.RequestId,
            JobId = parked.Key.JobId,
            SentAt = time.GetUtcNow(),
        });
    }

    public Task FirstSeenAsync(StopOrder order, string offset) => WriteAsync(
        "a note about a stop", WorkerHeaders.FirstSeen, offset, new StopJob { RequestId = order.RequestId, JobId = order.JobId, SentAt = order.SentAt });

    /// <summary>Puts a mark at the end of the stream as it is now.</summary>
    public Task MarkAsync(string mark, CancellationToken cancellationToken) =>
        WriteAsync("a mark in the stream of stops", WorkerHeaders.CaughtUp, mark, new StopJob { SentAt = time.GetUtcNow() }, cancellationToken);

    private Task WriteAsync(string what, string header, string value, StopJob body, CancellationToken cancellationToken = default)
    {
        var properties = new BasicProperties
        {
            ContentType = Wire.ContentType,
            DeliveryMode = DeliveryModes.Persistent,
            Headers = new Dictionary<string, object?> { [header] = value },
        };
        var bytes = Wire.Serialize(body);
        return until.RunAsync(
            what, token => link.PublishAsync(Names.StopJob, "", properties, bytes, mandatory: true, token), cancellationToken);
    }
}
