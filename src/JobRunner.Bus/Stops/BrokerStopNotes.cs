using JobRunner.Bus.Contracts;
using JobRunner.Bus.Runs;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Stops;

/// <summary>Writes notes to the stream of stops, which every worker reads.</summary>
internal sealed class BrokerStopNotes : IStopNotes
{
    private readonly BrokerLink _link;
    private readonly StopBook _book;
    private readonly UntilAccepted _until;
    private readonly TimeProvider _time;
    private readonly SettledLegs _settled;

    public BrokerStopNotes(BrokerLink link, StopBook book, UntilAccepted until, TimeProvider time)
    {
        (_link, _book, _until, _time) = (link, book, until, time);
        // Without ids: whoever does not know the header must not take it for a stop.
        _settled = new SettledLegs(legs => WriteAsync(
            "a note about a stop", WorkerHeaders.Settled, string.Join(SettledLegs.Separator, legs), new StopJob { SentAt = time.GetUtcNow() }));
    }

    public Task SettledAsync(ParkedRun parked)
    {
        _book.Settle(parked.Leg);
        return _settled.NoteAsync(parked.Leg);
    }

    public Task FirstSeenAsync(StopOrder order, string offset) => WriteAsync(
        "a note about a stop", WorkerHeaders.FirstSeen, offset, new StopJob { RequestId = order.RequestId, JobId = order.JobId, SentAt = order.SentAt });

    /// <summary>Puts a mark at the end of the stream as it is now.</summary>
    public Task MarkAsync(string mark, CancellationToken cancellationToken) =>
        WriteAsync("a mark in the stream of stops", WorkerHeaders.CaughtUp, mark, new StopJob { SentAt = _time.GetUtcNow() }, cancellationToken);

    private Task WriteAsync(string what, string header, string value, StopJob body, CancellationToken cancellationToken = default)
    {
        var properties = new BasicProperties
        {
            ContentType = Wire.ContentType,
            DeliveryMode = DeliveryModes.Persistent,
            Headers = new Dictionary<string, object?> { [header] = value },
        };
        var bytes = Wire.Serialize(body);
        return _until.RunAsync(
            what, token => _link.PublishAsync(Names.StopJob, "", properties, bytes, mandatory: true, token), cancellationToken);
    }
}
