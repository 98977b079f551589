using System.Collections.Concurrent;
using JobRunner.Bus.Report;
using JobRunner.Bus.Settings;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using RabbitMQ.Client;

namespace JobRunner.Bus.Topology;

/// <summary>
/// Every exchange and queue, in one place. Each worker declares all of it, whatever its roles: a log published while no
/// reporting worker was ever started must find its queue.
/// </summary>
internal sealed class BrokerTopology(
    BrokerLink link, IOptions<WorkerOptions> options, IOptions<ReportOptions> report, ILogger<BrokerTopology> logger)
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

    /// <summary>Declares what workers and schedulers use.</summary>
    /// <exception cref="Exception">The broker could not be reached, or holds a queue of that name declared otherwise.</exception>
    public async Task DeclareAsync(CancellationToken cancellationToken)
    {
        await link.UseAsync(async channel =>
        {
            foreach (var exchange in new[] { Names.RunJob, Names.StopJob, Names.JobLogRecorded, Names.JobFinished, Names.GetRunnerStatus, Names.RunLease })
            {
                await channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
            }

            await channel.ExchangeDeclareAsync(Names.RunJobWait, ExchangeType.Topic, durable: true, cancellationToken: cancellationToken);
            foreach (var queue in new[] { Names.RunJob, Names.JobLogRecorded })
            {
                await DeclareQueueAsync(channel, queue, queue, QuorumArguments(), cancellationToken);
                var errors = Names.ErrorQueue(queue);
                await channel.ExchangeDeclareAsync(errors, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
                await DeclareQueueAsync(channel, errors, errors, QuorumArguments(), cancellationToken);
            }

            await DeclareQueueAsync(channel, Names.StopJob, Names.StopJob, StopStreamArguments(options.Value), cancellationToken);
            await channel.QueueBindAsync(Names.RunJob, Names.RunJobWait, Names.NoWait, cancellationToken: cancellationToken);
            await DeclareQueueAsync(channel, Names.JobJournal, Names.JobLogRecorded, JournalArguments(options.Value), cancellationToken);
            await channel.QueueBindAsync(Names.JobJournal, Names.JobFinished, "", cancellationToken: cancellationToken);
            // Every run sent on, whatever its wait.
            await channel.QueueBindAsync(Names.JobJournal, Names.RunJobWait, "#", cancellationToken: cancellationToken);
        }, cancellationToken);
        // Not when first needed: RabbitMQ 3.10 loses a queue when its node is killed just after making it.
        await Task.WhenAll(report.Value.Delays.Distinct().Select(delay => EnsureDelayQueueAsync(delay, cancellationToken)));
        BrokerLog.TopologyDeclared(logger);
    }

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
    public Task EnsureWaitQueueAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        var name = WaitSteps.NameOf(wait);
        return EnsureOnceAsync(Names.WaitQueue(name), queue => link.UseAsync(async channel =>
        {
            var arguments = ReturningArguments(wait, Names.RunJob, routingKey: null);
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
            await channel.QueueBindAsync(queue, Names.RunJobWait, name, cancellationToken: cancellationToken);
        }, cancellationToken));
    }

    /// <summary>Makes sure that the queue of logs redelivered after this delay is there; asks the broker once per process and delay.</summary>
    public Task EnsureDelayQueueAsync(TimeSpan delay, CancellationToken cancellationToken) =>
        EnsureOnceAsync(Names.DelayQueue(WaitSteps.NameOf(delay)), queue => link.UseAsync(
            // Back to the queue alone: the exchange job-log-recorded would write the log to the journal once more.
            channel => channel.QueueDeclareAsync(
                queue, durable: true, exclusive: false, autoDelete: false,
                ReturningArguments(delay, exchange: "", Names.JobLogRecorded), cancellationToken: cancellationToken),
            cancellationToken));

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

    private async Task EnsureOnceAsync(string queue, Func<string, Task> declare)
    {
        var declared = _waitQueues.GetOrAdd(queue, declare);
        try
        {
            await declared;
        }
        catch
        {
            _waitQueues.TryRemove(KeyValuePair.Create(queue, declared));
            throw;
        }
    }

    private static async Task DeclareQueueAsync(
        IChannel channel, string queue, string exchange, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, exchange, routingKey: "", cancellationToken: cancellationToken);
    }
}
