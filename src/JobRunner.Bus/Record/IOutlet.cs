using System.Diagnostics;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Record;

/// <summary>
/// Where logs and ends leave the worker: one attempt each, which completes once the broker has accepted the message and fails
/// when it is not known to have. Nothing of a run that another worker may have taken over leaves.
/// </summary>
internal interface IOutlet
{
    /// <summary>Publishes a log; fails where no queue would hold it.</summary>
    Task LogAsync(JobLogRecorded log, CancellationToken cancellationToken);

    /// <summary>Publishes an end.</summary>
    Task FinishedAsync(RunEndNews end, CancellationToken cancellationToken);

    /// <summary>
    /// Publishes a run's last log and its end together. The end never leaves without the log: the broker has got the log before
    /// it gets the end.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="logTrace">The trace that the log belongs to; a message sent alone belongs to that of what runs now.</param>
    /// <param name="end">The end.</param>
    /// <param name="endTrace">The trace that the end belongs to.</param>
    /// <param name="cancellationToken">Gives both up.</param>
    (Task Logged, Task Told) Both(
        JobLogRecorded log, ActivityContext logTrace, RunEndNews end, ActivityContext endTrace, CancellationToken cancellationToken);
}
