namespace JobRunner.Bus.Operations.Repair;

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
