using System.Collections.Concurrent;
using System.Diagnostics;
using JobRunner.Bus.Settings;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Every exchange and queue, in one place. Each worker declares all of it, whatever its roles: a log published while no
/// reporting worker was ever started must find its queue. <see cref="Preflight"/> declares them.
/// </summary>
internal sealed class BrokerTopology(BrokerLink link, IEnumerable<Lazy<RoleTopology>>? more = null)
{
    private readonly ConcurrentDictionary<string, Task<long>> _waitQueues = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _declared = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // What they are is a matter of settings, which are validated after this is made.
    private readonly Lazy<RoleTopology>[] _more = [.. more ?? []];

    /// <summary>Completes once <see cref="Preflight"/> has found all in place.</summary>
    public Task Declared => _declared.Task;

    /// <summary>All is in place.</summary>
    public void MarkDeclared() => _declared.TrySetResult();

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
        new(Names.DrainWorker, ExchangeType.Direct),
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

    /// <summary>What the worker's roles need beside that.</summary>
    public IEnumerable<RoleTopology> MoreOf(WorkerOptions options) => _more.Select(role => role.Value).Where(role => options.Roles.HasFlag(role.Role));

    /// <summary>The exchanges that this worker needs.</summary>
    public IReadOnlyList<ExchangePart> ExchangesOf(WorkerOptions options) => [.. Exchanges, .. MoreOf(options).SelectMany(role => role.Exchanges)];

    /// <summary>The queues and streams that this worker needs, as far as their names are known before they are needed.</summary>
    public IReadOnlyList<QueuePart> QueuesOf(WorkerOptions options) => [.. Queues(options), .. MoreOf(options).SelectMany(role => role.Queues)];

    /// <summary>Declares what is known before it is needed, on a broker that may have lost it.</summary>
    /// <exception cref="Exception">The broker could not be reached, or holds something of that name declared otherwise.</exception>
    public Task DeclareAsync(WorkerOptions options, CancellationToken cancellationToken) =>
        link.UseAsync(channel => DeclareAsync(channel, ExchangesOf(options), QueuesOf(options), cancellationToken), cancellationToken);

    /// <summary>Declares what every worker needs.</summary>
    public static Task DeclareAsync(IChannel channel, WorkerOptions options, CancellationToken cancellationToken) =>
        DeclareAsync(channel, Exchanges, Queues(options), cancellationToken);

    private static async Task DeclareAsync(
        IChannel channel, IReadOnlyList<ExchangePart> exchanges, IReadOnlyList<QueuePart> queues, CancellationToken cancellationToken)
    {
        foreach (var exchange in exchanges)
        {
            await channel.ExchangeDeclareAsync(exchange.Name, exchange.Type, durable: true, cancellationToken: cancellationToken);
        }

        foreach (var queue in queues)
        {
            await DeclareAsync(channel, queue, cancellationToken);
        }
    }

    /// <summary>Declares all again that this process needs, the wait and delay queues that it made too.</summary>
    public Task RestoreAsync(WorkerOptions options, CancellationToken cancellationToken) => link.UseAsync(async channel =>
    {
        await DeclareAsync(channel, ExchangesOf(options), QueuesOf(options), cancellationToken);
        foreach (var queue in link.Made.Values)
        {
            await DeclareAsync(channel, queue, cancellationToken);
        }
    }, cancellationToken);

    /// <summary>Looks for all that this process needs on the broker, and binds what was unbound.</summary>
    /// <exception cref="RabbitMQ.Client.Exceptions.OperationInterruptedException">Something is missing (404); the broker's words name it.</exception>
    public async Task LookAsync(IChannel channel, WorkerOptions options, CancellationToken cancellationToken)
    {
        foreach (var exchange in ExchangesOf(options))
        {
            await channel.ExchangeDeclarePassiveAsync(exchange.Name, cancellationToken);
        }

        foreach (var queue in QueuesOf(options).Concat(link.Made.Values))
        {
            await channel.QueueDeclarePassiveAsync(queue.Name, cancellationToken);
            await BindAsync(channel, queue, cancellationToken);
        }
    }

    /// <summary>Declares a queue and binds it.</summary>
    public static async Task DeclareAsync(IChannel channel, QueuePart queue, CancellationToken cancellationToken)
    {
        await channel.QueueDeclareAsync(
            queue.Name, durable: true, exclusive: false, autoDelete: false, queue.Arguments, cancellationToken: cancellationToken);
        await BindAsync(channel, queue, cancellationToken);
    }

    private static async Task BindAsync(IChannel channel, QueuePart queue, CancellationToken cancellationToken)
    {
        foreach (var (exchange, routingKey) in queue.Bindings)
        {
            await channel.QueueBindAsync(queue.Name, exchange, routingKey, cancellationToken: cancellationToken);
        }
    }

    /// <summary>The queue of a wait, rounded up to its step.</summary>
    public static QueuePart WaitQueue(TimeSpan wait)
    {
        var name = WaitSteps.NameOf(wait);
        return new QueuePart(Names.WaitQueue(name), ReturningArguments(wait, Names.RunJob, routingKey: null), [(Names.RunJobWait, name)]);
    }

    /// <summary>Makes sure that the queue of this wait is there; asks the broker once per process and wait.</summary>
    /// <returns>For how long it has surely been there: since this process asked.</returns>
    public Task<TimeSpan> EnsureWaitQueueAsync(TimeSpan wait, CancellationToken cancellationToken) => EnsureAsync(WaitQueue(wait), cancellationToken);

    /// <summary>Makes sure that the queues of all these waits are there.</summary>
    public Task EnsureWaitQueuesAsync(IEnumerable<TimeSpan> waits, CancellationToken cancellationToken) =>
        Task.WhenAll(waits.Select(wait => EnsureWaitQueueAsync(wait, cancellationToken)));

    /// <summary>Makes sure that the queue of logs redelivered after this delay is there; asks the broker once per process and delay.</summary>
    public Task EnsureDelayQueueAsync(TimeSpan delay, CancellationToken cancellationToken) => EnsureAsync(DelayQueue(delay), cancellationToken);

    /// <summary>The queue of a delay.</summary>
    public static QueuePart DelayQueue(TimeSpan delay) =>
        // Back to the queue alone: the exchange job-log-recorded would write the log to the journal once more.
        new(Names.DelayQueue(WaitSteps.NameOf(delay)), ReturningArguments(delay, exchange: "", Names.JobLogRecorded), []);

    /// <summary>Makes sure that the queues of all these delays are there.</summary>
    public Task EnsureDelayQueuesAsync(IEnumerable<TimeSpan> delays, CancellationToken cancellationToken) =>
        Task.WhenAll(delays.Distinct().Select(delay => EnsureDelayQueueAsync(delay, cancellationToken)));

    /// <summary>Forgets which wait and delay queues there are: one of them turned out to be gone.</summary>
    public void ForgetWaitQueues() => _waitQueues.Clear();

    /// <summary>Arguments of a queue whose messages come back after a time.</summary>
    public static Dictionary<string, object?> ReturningArguments(TimeSpan after, string exchange, string? routingKey)
    {
        var arguments = QuorumArguments();
        arguments["x-message-ttl"] = (long)after.TotalMilliseconds;
        arguments["x-dead-letter-exchange"] = exchange;
        if (routingKey is not null)
        {
            arguments["x-dead-letter-routing-key"] = routingKey;
        }

        // Without these two a dead-lettered message is lost when the broker dies at the wrong moment.
        arguments["x-dead-letter-strategy"] = "at-least-once";
        arguments["x-overflow"] = "reject-publish";
        return arguments;
    }

    /// <summary>Makes sure that a queue is there whose name is known only when it is needed; asks the broker once per process.</summary>
    /// <returns>For how long it has surely been there: since this process asked.</returns>
    public async Task<TimeSpan> EnsureAsync(QueuePart queue, CancellationToken cancellationToken)
    {
        var declared = _waitQueues.GetOrAdd(queue.Name, _ => MakeAsync(queue, cancellationToken));
        try
        {
            return Stopwatch.GetElapsedTime(await declared);
        }
        catch
        {
            _waitQueues.TryRemove(KeyValuePair.Create(queue.Name, declared));
            throw;
        }
    }

    private async Task<long> MakeAsync(QueuePart queue, CancellationToken cancellationToken)
    {
        await link.UseAsync(channel => DeclareAsync(channel, queue, cancellationToken), cancellationToken);
        link.Made[queue.Name] = queue;
        return Stopwatch.GetTimestamp();
    }

    /// <summary>The error queue beside a queue.</summary>
    public static QueuePart ErrorQueue(string queue) =>
        new(Names.ErrorQueue(queue), QuorumArguments(), [(Names.ErrorQueue(queue), "")]);
}
