using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations.Repair;

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
