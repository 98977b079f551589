using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Operations.Repair;

/// <summary>What an operator's commands need of a broker.</summary>
internal interface IRepairBroker : IAsyncDisposable
{
    /// <summary>Where it is, for messages.</summary>
    string Where { get; }

    /// <summary>Looks into the error queue beside a queue.</summary>
    /// <exception cref="SchedulerBusException">It is not there, or may not be read.</exception>
    Task<IErrorQueue> OpenErrorQueueAsync(string queue, CancellationToken cancellation);

    /// <summary>Publishes a message; returns once the broker has it safely in a queue.</summary>
    /// <exception cref="SchedulerBusException">It has not; the message may have arrived all the same.</exception>
    Task SendAsync(OutgoingMessage message, CancellationToken cancellation);

    /// <summary>Reads a stream from a time, or from its beginning, to where it ends now.</summary>
    /// <exception cref="SchedulerBusException">It cannot be read to that end.</exception>
    Task ReadStreamAsync(string stream, DateTimeOffset? since, Func<StreamMessage, ValueTask> onMessage, CancellationToken cancellation);

    /// <summary>How queues and streams stand; <see langword="null"/> for one that is not there.</summary>
    /// <exception cref="SchedulerBusException">The broker cannot be used.</exception>
    Task<IReadOnlyDictionary<string, QueueState?>> StatesAsync(IReadOnlyList<string> queues, CancellationToken cancellation);

    /// <summary>Whether the other one is this one, by another name.</summary>
    /// <exception cref="SchedulerBusException">A broker cannot be used.</exception>
    Task<bool> IsAsync(IRepairBroker other, CancellationToken cancellation);

    /// <summary>Empties a queue: a message is removed once it was sent on, and stays in the queue if that fails. Several are sent on at once.</summary>
    /// <exception cref="SchedulerBusException">It cannot be emptied.</exception>
    Task TakeAllAsync(string queue, Func<TakenMessage, Task> sendOn, CancellationToken cancellation);

    /// <summary>What runs and waits on every worker.</summary>
    Task<IReadOnlyList<RunnerStatus>> AskStatusAsync(CancellationToken cancellation);
}
