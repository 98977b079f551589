using System.Collections.Concurrent;
using JobRunner.Bus.Settings;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Every exchange and queue, in one place. Each worker declares all of it, whatever its roles: a log published while no
/// reporting worker was ever started must find its queue. <see cref="Preflight"/> declares them.
/// </summary>
internal sealed class BrokerTopology(BrokerLink link)
{
    private readonly ConcurrentDictionary<string, Task> _waitQueues = new(StringComparer.Ordinal);

    /// <summary>Arguments of a queue that keeps what it accepted through the loss of a node, however often it is redelivered.</summary>
    public static Dictionary<string, object?> QuorumArguments() => new()
    {
        ["x-queue-type"] = "quorum",
        // RabbitMQ 4 drops a message after 20 deliveries unless told otherwise, and 3 knows no "never": the crash budget is ours.
        ["x-delivery-limit"] = 1_000_000,
    };

    /// <summary>Largest segment of the stop stream: retention drops whole segments, and stops are small.</summary>
    public const long StopSegmentBytes = 1_000_000;

    /// <summary>Largest segment of the journal.</summary>
    public const long JournalSegmentBytes = 50_000_000;

    /// <summary>The exchanges.</summary>
    public static IReadOnlyList<ExchangePart> Exchanges { get; } =
    [
        .. new[] { Names.RunJob, Names.StopJob, Names.JobLogRecorded, Names.JobFinished, Names.GetRunnerStatus, Names.RunLease }
            .Select(name => new ExchangePart(name, ExchangeType.Fanout)),
        new(Names.RunJobWait, ExchangeType.Topic),
        new(Names.ErrorQueue(Names.RunJob), ExchangeType.Fanout),
        new(Names.ErrorQueue(Names.JobLogRecorded), ExchangeType.Fanout),
    ];

    /// <summary>The queues and streams whose names are known before they are needed.</summary>
    public static IReadOnlyList<QueuePart> Queues(WorkerOptions options) =>
    [
        new(Names.RunJob, QuorumArguments(), [(Names.RunJob, ""), (Names.RunJobWait, Names.NoWait)]),
        ErrorQueue(Names.RunJob),
        new(Names.JobLogRecorded, QuorumArguments(), [(Names.JobLogRecorded, "")]),
        ErrorQueue(Names.JobLogRecorded),
        new(Names.StopJob, StopStreamArguments(options), [(Names.StopJob, "")]),
        // Of the waits: every run sent on, whatever its wait.
        new(Names.JobJournal, JournalArguments(options), [(Names.JobLogRecorded, ""), (Names.JobFinished, ""), (Names.RunJobWait, "#")]),
    ];

    /// <summary>Arguments of the stream of stops.</summary>
    public static Dictionary<string, object?> StopStreamArguments(WorkerOptions options) => new()
    {
        ["x-queue-type"] = "stream",
        ["x-max-age"] = $"{(long)options.StopRetention.TotalSeconds}s",
        ["x-stream-max-segment-size-bytes"] = StopSegmentBytes,
    };

    /// <summary>Arguments of the journal.</summary>
    public static Dictionary<string, object?> JournalArguments(WorkerOptions options) => new()
    {
        ["x-queue-type"] = "stream",
        ["x-max-age"] = $"{(long)options.JournalRetention.TotalSeconds}s",
        ["x-stream-max-segment-size-bytes"] = JournalSegmentBytes,
    };

    /// <summary>Makes sure that the queue of this wait is there; asks the broker once per process and wait.</summary>
    public async Task EnsureWaitQueueAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var name = WaitSteps.NameOf(wait);
        var declared = _waitQueues.GetOrAdd(name, _ => DeclareWaitQueueAsync(name, wait, cancellationToken));
        try
        {
            await declared;
        }
        catch
        {
            _waitQueues.TryRemove(KeyValuePair.Create(name, declared));
            throw;
        }
    }

    /// <summary>Forgets which wait queues there are: one of them turned out to be gone.</summary>
    public void ForgetWaitQueues() => _waitQueues.Clear();

    private Task DeclareWaitQueueAsync(string name, TimeSpan wait, CancellationToken cancellationToken) => link.UseAsync(async channel =>
    {
        var queue = Names.WaitQueue(name);
        var arguments = QuorumArguments();
        arguments["x-message-ttl"] = (long)wait.TotalMilliseconds;
        arguments["x-dead-letter-exchange"] = Names.RunJob;
        // Without these two a dead-lettered message is lost when the broker dies at the wrong moment.
        arguments["x-dead-letter-strategy"] = "at-least-once";
        arguments["x-overflow"] = "reject-publish";
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, Names.RunJobWait, name, cancellationToken: cancellationToken);
    }, cancellationToken);

    private static QueuePart ErrorQueue(string queue) =>
        new(Names.ErrorQueue(queue), QuorumArguments(), [(Names.ErrorQueue(queue), "")]);
}
