using JobRunner.Bus.Cli.Scheduling;
using JobRunner.Bus.Contracts;
using RabbitMQ.Client;

namespace JobRunner.Bus.Cli.Repair;

/// <summary>What an operator's commands need of a broker.</summary>
internal interface IRepairBroker : IAsyncDisposable
{
    /// <summary>Looks into the error queue beside a queue.</summary>
    /// <exception cref="SchedulerBusException">It is not there, or may not be read.</exception>
    Task<IErrorQueue> OpenErrorQueueAsync(string queue, CancellationToken cancellation);

    /// <summary>Publishes a message; returns once the broker has it safely in a queue.</summary>
    /// <exception cref="SchedulerBusException">It has not; the message may have arrived all the same.</exception>
    Task SendAsync(OutgoingMessage message, CancellationToken cancellation);

    /// <summary>Reads the stream <c>job-journal</c> from a time, or from its beginning, to where it ends now.</summary>
    /// <exception cref="SchedulerBusException">It cannot be read to that end.</exception>
    Task ReadJournalAsync(DateTimeOffset? since, Func<JournalMessage, ValueTask> onMessage, CancellationToken cancellation);

    /// <summary>What runs and waits on every worker.</summary>
    Task<IReadOnlyList<RunnerStatus>> AskStatusAsync(CancellationToken cancellation);
}

/// <summary>
/// An error queue as it was when it was opened. Messages that are taken stay the broker's until they are removed: what is
/// left when this is disposed of, or when the process dies, is in the queue again.
/// </summary>
internal interface IErrorQueue : IAsyncDisposable
{
    /// <summary>How many messages were there to be read.</summary>
    long Total { get; }

    /// <summary>Whether somebody else was reading it: what they hold is not seen here.</summary>
    bool IsReadByOthers { get; }

    /// <summary>The next message; none when all were seen.</summary>
    /// <exception cref="SchedulerBusException">The broker ended it.</exception>
    ValueTask<ErrorMessage?> NextAsync(CancellationToken cancellation);

    /// <summary>Removes a message for good.</summary>
    Task RemoveAsync(ErrorMessage message);
}

/// <summary>A message to publish.</summary>
/// <param name="Exchange">The exchange; empty for straight into a queue.</param>
/// <param name="RoutingKey">The routing key; the queue's name without an exchange.</param>
/// <param name="Properties">AMQP properties.</param>
/// <param name="Body">The body.</param>
internal sealed record OutgoingMessage(string Exchange, string RoutingKey, BasicProperties Properties, ReadOnlyMemory<byte> Body);

/// <summary>A message of the journal; its body is valid only until the reader goes on.</summary>
/// <param name="Exchange">The exchange it was published to.</param>
/// <param name="Properties">AMQP properties.</param>
/// <param name="Body">The body.</param>
internal sealed record JournalMessage(string Exchange, IReadOnlyBasicProperties Properties, ReadOnlyMemory<byte> Body);
