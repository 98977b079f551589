using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;
using JobRunner.Bus.Leases;
using JobRunner.Bus.Runners;
using JobRunner.Bus.Topology;
using RabbitMQ.Client;

namespace JobRunner.Bus.Journal;

/// <summary>
/// The journal is the stream <c>job-journal</c>. It fills itself: the exchanges of logs, ends and waits are bound to it.
/// A look-up reads it from a time on to a mark it puts at the end: it takes as long as what was logged since by all jobs (measured on
/// RabbitMQ 3.10: about 0.3 ms an entry where they came one by one, 0.04 ms where they came in bulk), so <see cref="JournalReader"/> reads
/// nothing twice.
/// </summary>
internal sealed class BrokerJournal : IJobJournal, IDisposable
{
    // Who asks about the last minutes does not wait for those who ask about hours.
    private static readonly TimeSpan Recent = TimeSpan.FromMinutes(2);

    // Times on the stream are those of the broker, to the chunk.
    private static readonly TimeSpan ClockMargin = TimeSpan.FromMinutes(1);

    private readonly BrokerLink _link;
    private readonly ILeases _leases;
    private readonly UntilAccepted _until;
    private readonly TimeProvider _time;
    private readonly JournalReader[] _readers;
    private readonly LookUps _recent;
    private readonly LookUps _longAgo;

    public BrokerJournal(BrokerLink link, ILeases leases, UntilAccepted until, TimeProvider time)
    {
        (_link, _leases, _until, _time) = (link, leases, until, time);
        _readers = [new JournalReader(link, until, time), new JournalReader(link, until, time)];
        (_recent, _longAgo) = (new LookUps(_readers[0].ReadAsync), new LookUps(_readers[1].ReadAsync));
    }

    public Task KeepStartAsync(RunnerKey job) => KeepAsync(
        "a start for the journal",
        WorkerHeaders.StartedAgain,
        "yes",
        new JobFinished { RequestId = job.RequestId, JobId = job.JobId, FinalState = JobState.Running });

    public Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData, CancellationToken cancellationToken) => KeepAsync(
        "job data for the journal",
        WorkerHeaders.JobDataOfTry,
        $"{tryNumber}",
        new JobFinished { RequestId = job.RequestId, JobId = job.JobId, FinalState = JobState.Running, TotalTries = tryNumber, JobData = jobData },
        cancellationToken);

    public Task DeliverAsync(JobLogRecorded log, CancellationToken cancellationToken) =>
        SendAsync("a log of the journal", Names.JobLogRecorded, Headers(log.RequestId), Wire.Serialize(log), cancellationToken);

    private Task KeepAsync(string what, string header, string value, JobFinished note, CancellationToken cancellationToken = default)
    {
        var headers = Headers(note.RequestId);
        headers[header] = value;
        return SendAsync(what, Names.JobJournal, headers, Wire.Serialize(note), cancellationToken);
    }

    private static Dictionary<string, object?> Headers(string requestId) => new() { [JournalFilter.ValueHeader] = requestId };

    private Task SendAsync(string what, string queue, Dictionary<string, object?> headers, byte[] body, CancellationToken cancellationToken)
    {
        var properties = new BasicProperties { ContentType = Wire.ContentType, DeliveryMode = DeliveryModes.Persistent, Headers = headers };
        return _until.RunAsync(
            what,
            async token =>
            {
                await _leases.InContactAsync(token);
                await _link.PublishAsync("", queue, properties, body, mandatory: true, token);
            },
            cancellationToken);
    }

    public Task<IReadOnlyList<JournalEntry>> ReadAsync(RunnerKey job, DateTimeOffset? since, CancellationToken cancellationToken) =>
        (_time.GetUtcNow() - since <= Recent ? _recent : _longAgo).AskAsync(new LookUp(job, since), cancellationToken);

    public void Dispose()
    {
        foreach (var reader in _readers)
        {
            reader.Dispose();
        }
    }

    /// <summary>Where a reader of the stream begins that wants what came since a time, or everything.</summary>
    public static object Offset(DateTimeOffset? since) =>
        since is { } time && time - DateTimeOffset.UnixEpoch > ClockMargin ? new AmqpTimestamp((time - ClockMargin).ToUnixTimeSeconds()) : "first";
}
