using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Record;

/// <summary>
/// Where logs and ends leave the worker: one attempt each, which completes once the broker has accepted the message and fails
/// when it is not known to have.
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
    (Task Logged, Task Told) Both(JobLogRecorded log, RunEndNews end, CancellationToken cancellationToken);
}
