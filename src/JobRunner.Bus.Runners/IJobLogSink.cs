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
    Task RecordAsync(JobLogRecorded log);

    /// <summary>
    /// Keeps the job data that a try changed, before its log is recorded: should this process die, whoever goes on needs
    /// both. A sink that does not outlive the process has nothing to do.
    /// </summary>
    Task KeepJobDataAsync(RunnerKey job, long tryNumber, JsonObject jobData) => Task.CompletedTask;
}
