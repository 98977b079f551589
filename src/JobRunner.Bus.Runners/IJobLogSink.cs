using System.Text.Json.Nodes;
using JobRunner.Bus.Contracts;

namespace JobRunner.Bus.Runners;

/// <summary>Where job logs go.</summary>
public interface IJobLogSink
{
    /// <summary>
    /// Returns once the log is safe: accepted by something that outlives this process. The next try does not start
    /// before. An implementation waits for as long as it takes; it throws only when the process gives up the run.
    /// </summary>
    /// <param name="log">The log.</param>
    /// <param name="cancellationToken">The run was abandoned: the log is not wanted any more.</param>
    Task RecordAsync(JobLogRecorded log, CancellationToken cancellationToken = default);

    /// <summary>
    /// Keeps the job data that a try changed, before its log is recorded: should this process die, whoever goes on needs
    /// both. A sink that does not outlive the process has nothing to do.
    /// </summary>
    /// <param name="job">Whose data.</param>
    /// <param name="tryNumber">The try that left it.</param>
    /// <param name="jobData">The data.</param>
    /// <param name="cancellationToken">The run was abandoned: the data is not wanted any more.</param>
    Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData, CancellationToken cancellationToken = default) => Task.CompletedTask;
}
